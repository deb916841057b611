"""What partitions count for a launch. Each has figures of its own, by name; the launch's are their sums."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, assert_never

from contracts.words import Outcome
from log.domain.facts import Count, Delivered, Ended, Started, Targeted
from log.domain.launch import Launch

CHANGES: Final = "changes"
"""How often a partition has counted anything: a part of the launch's revision."""
CHUNKED: Final = "chunked"
BEGUN: Final = "begun"
OUTCOME, REASON, DELIVERY = "outcome:", "reason:", "delivery:"


def tally(counts: Iterable[Count]) -> Mapping[str, int]:
    """What one transaction adds to its partition's figures; empty if that is nothing."""
    found: Counter[str] = Counter()
    for count in counts:
        match count:
            case Targeted(targets):
                found[CHUNKED] += targets
            case Started(instances):
                found[BEGUN] += instances
            case Ended(outcomes, by_reason):
                found.update({OUTCOME + outcome: ended for outcome, ended in outcomes.items()})
                found.update({REASON + reason: ended for reason, ended in by_reason.items()})
            case Delivered(change):
                found.update({DELIVERY + state: messages for state, messages in change.items()})
            case _:
                assert_never(count)
    added = {name: count for name, count in found.items() if count}
    return added | {CHANGES: 1} if added else {}


def with_sums(launch: Launch, sums: Mapping[str, int]) -> Launch:
    """The launch's own row, and what all partitions have counted."""
    return replace(
        launch,
        chunked=sums.get(CHUNKED, 0),
        begun=sums.get(BEGUN, 0),
        outcomes={Outcome(name): count for name, count in _under(OUTCOME, sums)},
        by_reason=dict(_under(REASON, sums)),
        deliveries=dict(_under(DELIVERY, sums)),
        changes=sums.get(CHANGES, 0),
    )


def _under(prefix: str, sums: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    return ((name.removeprefix(prefix), count) for name, count in sums.items() if count and name.startswith(prefix))
