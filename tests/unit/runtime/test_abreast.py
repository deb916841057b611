"""How far behind a number is, in seconds."""

import time

from runtime.abreast import Abreast


def test_nothing_is_known_before_an_end_that_was_seen_is_read() -> None:
    abreast = Abreast()
    assert abreast.lag("t", 5) is None
    abreast.saw({"t": 6}, time.monotonic())
    assert abreast.lag("t", 5) is None
    lag = abreast.lag("t", 6)
    assert lag is not None and lag < 1


def test_the_lag_is_counted_from_when_the_end_was_seen_not_from_when_it_was_read() -> None:
    abreast = Abreast()
    abreast.saw({"t": 6}, time.monotonic() - 100)
    lag = abreast.lag("t", 9)
    assert lag is not None and 100 <= lag < 101


def test_a_topic_that_never_rests_is_known_all_the_same() -> None:
    abreast = Abreast()
    now = time.monotonic()
    abreast.saw({"t": 10}, now - 50)
    for second in range(49, 0, -1):
        abreast.saw({"t": 10 + second * 1000}, now - second)
    assert abreast.lag("t", 9) is None
    lag = abreast.lag("t", 10)
    assert lag is not None and 50 <= lag < 51
    abreast.saw({"t": 60_000}, now)
    assert abreast.lag("t", 59_999) is not None
