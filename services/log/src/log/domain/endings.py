"""Which outcome each target of a record has: the mapping from what contacts and executor say."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.columns import unfolded
from contracts.outcomes import TargetsEnded, TargetsRefused
from contracts.targets import TargetsExcluded
from contracts.words import NOT_STARTED, Outcome
from log.domain.facts import Ended


@dataclass(frozen=True, slots=True)
class Ending:
    """Targets with the same outcome, reason and start."""

    outcome: Outcome
    reason: str
    started_at: datetime | None
    contact_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Endings:
    """The outcomes that one record tells. `event_id` is the record's."""

    event_id: str
    launch_id: str
    project: str
    ended_at: datetime
    groups: Sequence[Ending]

    @property
    def count(self) -> int:
        return sum(len(group.contact_ids) for group in self.groups)

    def each_once(self) -> "Endings":
        """A contact that is named twice has the first of its outcomes."""
        contact_ids = [contact_id for group in self.groups for contact_id in group.contact_ids]
        return self if len(set(contact_ids)) == len(contact_ids) else self.without(())

    def without(self, contact_ids: Collection[str]) -> "Endings":
        """Those of the other contacts, each once."""
        seen = set(contact_ids)
        groups = []
        for group in self.groups:
            kept = [contact_id for contact_id in dict.fromkeys(group.contact_ids) if contact_id not in seen]
            seen.update(kept)
            if kept:
                groups.append(replace(group, contact_ids=kept))
        return replace(self, groups=groups)

    @property
    def fact(self) -> Ended:
        outcomes: Counter[Outcome] = Counter()
        reasons: Counter[str] = Counter()
        for group in self.groups:
            outcomes[group.outcome] += len(group.contact_ids)
            reasons[group.reason] += len(group.contact_ids)
        return Ended(outcomes, reasons)


def endings(event: TargetsExcluded | TargetsRefused | TargetsEnded, event_id: str) -> Endings:
    """Outcomes as executor gives them; who never started is `other`, with the reason why."""
    members: dict[tuple[Outcome, str, datetime | None], list[str]] = {}
    if isinstance(event, TargetsEnded):
        columns = (event.outcomes, event.reasons, event.started_at)
        if event.contact_ids and all(len(column) == 1 for column in columns):
            members[event.outcomes[0], event.reasons[0], event.started_at[0]] = event.contact_ids
        else:
            each = (unfolded(column, len(event.contact_ids)) for column in columns)
            for contact_id, outcome, reason, started_at in zip(event.contact_ids, *each, strict=True):
                members.setdefault((outcome, reason, started_at), []).append(contact_id)
    else:
        for contact_id, why in zip(event.contact_ids, event.reasons, strict=True):
            members.setdefault((Outcome.OTHER, NOT_STARTED + why, None), []).append(contact_id)
    groups = [Ending(*kind, contact_ids) for kind, contact_ids in members.items()]
    return Endings(event_id, event.launch_id, event.project, event.at, groups)
