"""How far executor is behind: partitions that stand still do not hold up the others."""

from contacts.domain.audience import MAX_CONTACTS
from contacts.domain.backlog import Backlog, observe

EMPTY = Backlog()


def test_a_record_counts_as_full() -> None:
    assert observe(EMPTY, {0: 10, 1: 4}, {0: 7, 1: 4}, 0).contacts == 3 * MAX_CONTACTS


def test_partition_never_read_counts_from_its_beginning() -> None:
    assert observe(EMPTY, {0: 3, 1: 0}, {}, 0).contacts == 3 * MAX_CONTACTS


def test_stuck_partition_is_left_out_after_ten_seconds() -> None:
    first = observe(EMPTY, {0: 100, 1: 100}, {0: 0, 1: 90}, 0)
    assert first.contacts == 110 * MAX_CONTACTS
    assert observe(first, {0: 100, 1: 120}, {0: 0, 1: 115}, 10).contacts == 105 * MAX_CONTACTS
    assert observe(first, {0: 100, 1: 120}, {0: 0, 1: 115}, 10.1).contacts == 5 * MAX_CONTACTS


def test_all_count_if_none_moves() -> None:
    first = observe(EMPTY, {0: 100, 1: 100}, {0: 0, 1: 90}, 0)
    assert observe(first, {0: 100, 1: 100}, {0: 0, 1: 90}, 11).contacts == 110 * MAX_CONTACTS


def test_stuck_partition_does_not_hold_up_those_that_have_nothing_to_do() -> None:
    first = observe(EMPTY, {0: 100, 1: 5}, {0: 0, 1: 5}, 0)
    assert observe(first, {0: 100, 1: 5}, {0: 0, 1: 5}, 60).contacts == 0


def test_partition_that_had_nothing_to_do_is_not_stuck_when_something_comes() -> None:
    first = observe(EMPTY, {0: 5}, {0: 5}, 0)
    assert observe(first, {0: 9}, {0: 5}, 60).contacts == 4 * MAX_CONTACTS


def test_partition_that_moves_again_counts_again() -> None:
    first = observe(EMPTY, {0: 100, 1: 0}, {0: 0, 1: 0}, 0)
    stuck = observe(first, {0: 100, 1: 0}, {0: 0, 1: 0}, 20)
    assert stuck.contacts == 0
    assert observe(stuck, {0: 100, 1: 0}, {0: 1, 1: 0}, 21).contacts == 99 * MAX_CONTACTS
