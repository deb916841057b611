"""A statement that meets other rows than were decided about says nothing by itself: here it does."""

from runtime.transaction import Transaction


class Missed(Exception):
    """What was decided is not what was written. The transaction is rolled back: a record is parked, a job waits."""


def written(status: str) -> int:
    """Rows, of what `execute` returns.

    >>> written("UPDATE 3"), written("INSERT 0 2")
    (3, 2)
    """
    return int(status.rpartition(" ")[2])


def expect(tx: Transaction, expected: int, moved: int, what: str) -> None:
    """For rows that only this partition's lease writes and that were read under it: each must be there. Raises Missed.

    `what` names the rows and the launch.
    """
    if moved != expected:
        raise Missed(f"{what}, partition {tx.number}: {expected} rows expected, {moved} moved")
