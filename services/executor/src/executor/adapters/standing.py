"""Stored instances read back: rows into columns, and instances that stand alike into one cohort."""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from contracts.changes import Contact
from executor.domain.cohort import Cohort, Roll, Status
from executor.domain.contact_data import Newer, Stored, from_entries, superseded
from executor.ports import Standing

_UNREAD: Final = Stored(
    email=None, zone=None, attributes={}, consents={}, suppressed=False, permitted=False, groups=None
)
"""In the place of an instance that needs no contact data, beside others that do."""


def standing(rows: Sequence[Any]) -> Standing:
    """`rows` are of the view `standing` and of one launch."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    for member, row in enumerate(rows):
        groups.setdefault((row["status"], row["step"], row["occurrences"], row["messages"]), []).append(member)
    cohorts = [
        Cohort(
            members=members,
            status=Status(status),
            step=step,
            occurrences={} if occurrences is None else orjson.loads(occurrences),
            messages=messages,
        )
        for (status, step, occurrences, messages), members in groups.items()
    ]
    return Standing(_roll(rows), cohorts)


def _roll(rows: Sequence[Any]) -> Roll:
    ids = [row["contact_id"] for row in rows]
    started_at = [row["started_at"] for row in rows]
    texts: list[str | None] = [row["facts"] for row in rows]
    if not any(texts):
        return Roll(ids, started_at, None)
    entries: list[Stored] = [_UNREAD if text is None else orjson.loads(text) for text in texts]
    snapshot = from_entries(ids, [row["revision"] for row in rows], entries)
    newer = {member: newer_of(row) for member, row in enumerate(rows) if row["newer"] is not None}
    sizes = [
        len(text or "") if row["contact"] is None else len(row["contact"])
        for text, row in zip(texts, rows, strict=True)
    ]
    return Roll(ids, started_at, superseded(snapshot, newer), sizes)


def newer_of(row: Any) -> Newer:
    contact = None if row["contact"] is None else Contact.model_validate_json(row["contact"])
    return Newer(row["newer"], contact, row["suppressed"])
