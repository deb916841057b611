"""Changes of state between their commit and the moment at which they are told."""

from collections.abc import Iterable

from messaging.domain.sends import Change, SendKey


def summed(changes: Iterable[Change]) -> list[Change]:
    """The changes of each send, in the order they happened, as one: from the first's state before to the last's after.

    What came back to where it began is not among them.
    """
    sums: dict[SendKey, Change] = {}
    for change in changes:
        before = sums.get(change.key)
        sums[change.key] = change if before is None else change._replace(previous=before.previous)
    return [change for change in sums.values() if change.state is not change.previous]
