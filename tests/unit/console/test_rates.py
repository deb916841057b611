"""Token buckets: how much somebody may ask."""

from hypothesis import given
from hypothesis import strategies as st

from console.domain.rates import SECONDS_OF_BURST, Buckets

ANN, BEN = b"ann", b"ben"


def test_a_full_bucket_is_a_burst_and_then_the_rate_holds() -> None:
    buckets = Buckets(10)
    assert [buckets.take(ANN, 0).allowed for _ in range(21)] == [True] * 20 + [False]
    assert buckets.take(ANN, 0.05).allowed is False
    assert buckets.take(ANN, 0.1).allowed is True
    assert buckets.take(ANN, 0.1).allowed is False


def test_the_answer_says_how_much_is_left_and_when_there_is_more() -> None:
    buckets = Buckets(1)
    first, second, third = (buckets.take(ANN, 0) for _ in range(3))
    assert (first.limit, first.left, first.full_in, first.next_in) == (2, 1, 1, 0)
    assert (second.left, second.full_in, second.next_in) == (0, 2, 1)
    assert (third.allowed, third.left, third.next_in) == (False, 0, 1)


def test_everybody_has_a_bucket_of_their_own() -> None:
    buckets = Buckets(1)
    while buckets.take(ANN, 0).allowed:
        pass
    assert buckets.take(BEN, 0).allowed


def test_what_is_kept_does_not_grow() -> None:
    buckets = Buckets(1, kept=2)
    for who in (ANN, ANN, BEN, b"cem"):
        buckets.take(who, 0)
    assert buckets.take(ANN, 0).left == 1


@given(st.floats(1, 200), st.lists(st.floats(0, 0.5), max_size=300))
def test_never_more_than_the_burst_and_the_rate_since_then(rate: float, pauses: list[float]) -> None:
    buckets, now, allowed = Buckets(rate), 0.0, 0
    for pause in pauses:
        now += pause
        allowed += buckets.take(ANN, now).allowed
        assert allowed <= rate * (SECONDS_OF_BURST + now) + 1e-6
