"""What the trials' own tools do: copies keep one key's order, and a rate that is back is seen."""

import random
import threading
import time
from collections import defaultdict
from pathlib import Path
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


def test_a_rate_that_is_back_is_seen(tmp_path: Path) -> None:
    ledger = tmp_path / "mails.jsonl"
    over = threading.Event()

    def send() -> None:
        with ledger.open("w") as file:
            while not over.wait(0.01):
                file.write("{}\n")
                file.flush()

    sender = threading.Thread(target=send)
    sender.start()
    try:
        back = Tempo(ledger).until_back(20, longest=10)
    finally:
        over.set()
        sender.join()
    assert back is not None and back < 5


def test_a_rate_that_does_not_come_back_is_said(tmp_path: Path) -> None:
    began = time.monotonic()
    assert Tempo(tmp_path / "mails.jsonl").until_back(1, longest=0.5) is None
    assert time.monotonic() - began < 10
