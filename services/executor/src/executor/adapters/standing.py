"""Stored instances read back: rows into columns, and instances that stand alike into one cohort."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from contracts.changes import Contact
from contracts.targets import Snapshot
from executor.domain.cohort import Cohort, Roll, Status
from executor.domain.contact_data import Newer, Stored, from_entries, superseded
from executor.ports import Standing

_UNREAD: Final = Stored(
    email=None, zone=None, attributes={}, consents={}, suppressed=False, permitted=False, groups=None
)
"""In the place of an instance that needs no contact data, beside others that do."""


def standing(rows: Sequence[Any]) -> Standing:
    """`rows` are of the view `standing` and of one launch."""
    if not rows:
        return Standing(Roll([], [], lambda: None), [])
    columns = dict(zip(rows[0].keys(), zip(*rows, strict=True), strict=True))
    alike: dict[tuple[Any, ...], list[int]] = {}
    where = zip(columns["status"], columns["step"], columns["occurrences"], columns["messages"], strict=True)
    for member, key in enumerate(where):
        alike.setdefault(key, []).append(member)
    cohorts = [
        Cohort(
            members=members,
            status=Status(status),
            step=step,
            occurrences={} if occurrences is None else orjson.loads(occurrences),
            messages=messages,
        )
        for (status, step, occurrences, messages), members in alike.items()
    ]
    return Standing(_roll(columns, rows), cohorts)


def _roll(columns: Mapping[str, Sequence[Any]], rows: Sequence[Any]) -> Roll:
    ids, started_at = list(columns["contact_id"]), list(columns["started_at"])
    facts: Sequence[str | None] = columns["facts"]
    if not any(facts):
        return Roll(ids, started_at, lambda: None)

    def load() -> Snapshot:
        entries: list[Stored] = [_UNREAD if text is None else orjson.loads(text) for text in facts]
        newer = {member: newer_of(row) for member, row in enumerate(rows) if row["newer"] is not None}
        return superseded(from_entries(ids, list(columns["revision"]), entries), newer)

    sizes = [len(newest or stored or "") for newest, stored in zip(columns["contact"], facts, strict=True)]
    return Roll(ids, started_at, load, sizes)


def newer_of(row: Any) -> Newer:
    contact = None if row["contact"] is None else Contact.model_validate_json(row["contact"])
    return Newer(row["newer"], contact, row["suppressed"], len(row["contact"] or ""))
