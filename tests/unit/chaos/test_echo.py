"""What the trials' own tools do: copies keep one key's order, and a rate that is back is seen."""

import random
import time
from collections import defaultdict
from typing import NamedTuple

from chaos.echo import MOST_AGAIN, mixed
from chaos.tempo import Tempo


class Lying(NamedTuple):
    key: bytes
    offset: int


RECORDS = [Lying(b"abcd"[offset % 4 : offset % 4 + 1], offset) for offset in range(200)]


def test_copies_of_one_key_keep_their_order() -> None:
    offsets: dict[bytes, list[int]] = defaultdict(list)
    for copy in mixed(RECORDS, random.Random(1)):
        offsets[copy.key].append(copy.offset)
    assert len(offsets) == 4
    assert [key for key, found in offsets.items() if found != sorted(found)] == []


def test_keys_are_mixed_and_each_record_comes_up_to_twice_more() -> None:
    copies = list(mixed(RECORDS, random.Random(1)))
    assert copies != sorted(copies, key=lambda copy: copy.offset)
    assert {copies.count(record) for record in RECORDS} == set(range(MOST_AGAIN + 1))


def test_a_rate_that_is_back_is_seen() -> None:
    began = time.monotonic()
    away = (1.0, 3.0)

    def count() -> int:
        """A hundred a second, but for two seconds."""
        passed = time.monotonic() - began
        return int(100 * (passed - (min(max(passed, away[0]), away[1]) - away[0])))

    back = Tempo(count).until_back(90, longest=20, watched=4)
    assert back is not None and away[1] - 0.5 <= back <= away[1] + 1


def test_a_rate_that_does_not_come_back_is_said() -> None:
    assert Tempo(lambda: 0).until_back(1, longest=0.5) is None
