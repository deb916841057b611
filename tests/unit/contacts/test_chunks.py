"""Chunks of targets and of changes: small enough, complete, in order, one partition each."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.domain import packing
from contacts.domain.audience import (
    FIRST_PER_PARTITION,
    MAX_BYTES,
    MAX_CONTACTS,
    MOST_PER_PARTITION,
    Admitted,
    Excluded,
    Page,
    Part,
    chunks,
    gone,
    page_size,
    stopped,
)
from contacts.domain.packing import Made, pack
from contracts.changes import Contact, ContactChange


def part(size: int, *, partition: int = 0, text: str = "x", **more: Any) -> Part:
    return Part(
        partition=partition,
        contact_ids=[f"c-{number:05}" for number in range(size)],
        revisions=list(range(size)),
        active=[True] * size,
        suppressed=[False] * size,
        emails=[f"{number}@example.com" for number in range(size)],
        zones=[None] * size,
        attributes={"name": [text] * size},
        consents={"administrative": [False] * size, "promo": [True] * size},
        bytes=size * (100 + len(text)),
        **more,
    )


def admitted(found: list[Any]) -> list[Admitted]:
    return [chunk for chunk in found if isinstance(chunk, Admitted)]


@pytest.mark.parametrize("size", [0, 1, 499, 500, 501, 999, 1000, 1001, 1999, 2001])
def test_chunks_are_as_few_as_the_limit_allows(size: int) -> None:
    found = list(chunks(part(size), [True] * size, [None] * size))
    sizes = [len(chunk.contact_ids) for chunk in found]
    assert sum(sizes) == size and len(sizes) == -(-size // MAX_CONTACTS)
    assert not sizes or max(sizes) - min(sizes) <= 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 700), st.integers(0, 4), st.integers(0, 3000))
def test_nobody_is_lost_and_no_chunk_is_too_large(size: int, every: int, width: int) -> None:
    reasons = ["inactive" if every and number % every == 0 else None for number in range(size)]
    permitted = [number % 3 != 0 for number in range(size)]
    crowd = part(size, text="ü" * width)
    found = list(chunks(crowd, permitted, reasons))
    told = {
        contact_id: (chunk.snapshot.revisions[index], chunk.snapshot.permitted[index])
        for chunk in admitted(found)
        for index, contact_id in enumerate(chunk.contact_ids)
    }
    starting = [number for number in range(size) if reasons[number] is None]
    assert told == {crowd.contact_ids[number]: (number, permitted[number]) for number in starting}
    assert [c for chunk in admitted(found) for c in chunk.contact_ids] == [crowd.contact_ids[n] for n in starting]
    excluded = [c for chunk in found if isinstance(chunk, Excluded) for c in chunk.contact_ids]
    assert excluded == [crowd.contact_ids[number] for number in range(size) if reasons[number]]
    for chunk in admitted(found):
        assert len(chunk.snapshot.model_dump_json()) <= MAX_BYTES or len(chunk.contact_ids) == 1


def test_administrative_messages_need_no_consent() -> None:
    [chunk] = admitted(list(chunks(part(2), [True] * 2, [None] * 2)))
    assert chunk.snapshot.consents == {"administrative": [True, True], "promo": [True, True]}


def test_single_contact_that_is_too_large_travels_alone() -> None:
    found = admitted(list(chunks(part(3, text="x" * 300_000), [True] * 3, [None] * 3)))
    assert [len(chunk.contact_ids) for chunk in found] == [1, 1, 1]


def test_stopped_page_excludes_all_of_it() -> None:
    page = Page([part(2, partition=1), part(1, partition=3)], {1: ["x"], 7: ["y"]}, "y", True)
    assert [(chunk.partition, chunk.contact_ids) for chunk in stopped(page)] == [
        (1, ["c-00000", "c-00001", "x"]),
        (3, ["c-00000"]),
        (7, ["y"]),
    ]
    assert {reason for chunk in stopped(page) for reason in chunk.reasons} == {"stopped"}
    assert [(chunk.partition, chunk.reasons) for chunk in gone(page)] == [(1, ["deleted"]), (7, ["deleted"])]


def made(contact_id: str, revision: int, *, project: str = "demo", partition: int = 0, size: int = 100) -> Made:
    change = ContactChange(
        contact_id=contact_id, revision=revision, contact=Contact(id=contact_id), suppressed=False, cause="x"
    )
    return Made(project, partition, change, size)


@given(
    st.lists(
        st.builds(
            made,
            st.sampled_from("abcd"),
            st.integers(1, 9),
            project=st.sampled_from(["p", "q"]),
            partition=st.integers(0, 2),
            size=st.sampled_from([10, 60_000, 300_000]),
        ),
        max_size=40,
    )
)
def test_packed_changes_keep_their_order_and_no_box_has_a_contact_twice(changes: list[Made]) -> None:
    boxes = list(pack(changes))
    for box in boxes:
        assert len({(one.project, one.partition) for one in box}) == 1
        assert len({one.change.contact_id for one in box}) == len(box)
        assert len(box) == 1 or sum(one.size for one in box) <= packing.MAX_BYTES
    for place in {(one.project, one.partition) for one in changes}:
        told = [one for box in boxes for one in box if (one.project, one.partition) == place]
        assert told == [one for one in changes if (one.project, one.partition) == place]


def test_box_holds_500_changes() -> None:
    sizes = [len(box) for box in pack([made(f"c-{number}", 1) for number in range(1001)])]
    assert sizes == [500, 500, 1]


def test_the_first_page_is_short_and_all_others_make_full_chunks() -> None:
    assert page_size(0, 8) == 8 * FIRST_PER_PARTITION
    assert page_size(1, 8) == page_size(1_000_000, 8) == 8 * MOST_PER_PARTITION
    assert FIRST_PER_PARTITION < MOST_PER_PARTITION < MAX_CONTACTS
