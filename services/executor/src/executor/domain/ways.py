"""Which arm each contact takes where a scenario forks: `branch` by condition, `split` by weight."""

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from contracts.targets import Snapshot
from executor.domain.cohort import Roll
from executor.domain.flow import Branch, Flow, Split

BROKEN: Final = None
"""The arm of a contact for whom none could be found."""

MISSING: Final = object()


def branch(node: Branch, members: Sequence[int], roll: Roll, flow: Flow) -> dict[int | None, list[int]]:
    """Members by the place of the arm they take, from 0. A decision is made once for all that look the same to it."""
    columns = [(path, _column(roll, path)) for path in node.paths if path[0] == "contact"]
    decided: dict[str, int | None] = {}
    taken: dict[int | None, list[int]] = {}
    for member in members:
        seen = [column(member) for _, column in columns]
        key = repr(seen)
        if key not in decided:
            decided[key] = _decide(node, _values(columns, seen, flow.context))
        taken.setdefault(decided[key], []).append(member)
    return taken


def split(node: Split, members: Sequence[int], roll: Roll, flow: Flow, step: str) -> dict[int | None, list[int]]:
    """Weighted; a contact takes the same arm whenever it comes to this step of this scenario."""
    bounds = [bound for bound, _ in node.shares]
    if bounds[-1] == 0:
        return {BROKEN: list(members)}
    start = hashlib.sha256(f"{flow.scenario}\x1f{step}\x1f".encode())
    taken: dict[int | None, list[int]] = {}
    for member in members:
        drawn = start.copy()
        drawn.update(roll.contact_ids[member].encode())
        point = int.from_bytes(drawn.digest()[:8]) % bounds[-1]
        taken.setdefault(bisect_right(bounds, point), []).append(member)
    return taken


def _decide(node: Branch, values: Mapping[str, Any]) -> int | None:
    for place, (condition, _) in enumerate(node.arms):
        if condition is None:
            return BROKEN
        if condition.holds(values):
            return place
    return BROKEN if node.otherwise is None else len(node.arms)


Column = Callable[[int], Any]


def _values(
    columns: Sequence[tuple[tuple[str, ...], Column]], seen: Sequence[Any], context: Mapping[str, Any]
) -> dict[str, Any]:
    """What a condition sees: nothing but what it reads, and no entry for what the contact does not have. Of
    `attributes` and `consent` there is always a map, as there is where contacts evaluates the same condition."""
    contact: dict[str, Any] = {"attributes": {}, "consent": {}}
    for (path, _), value in zip(columns, seen, strict=True):
        if value is MISSING:
            continue
        match path:
            case (_,):
                contact |= value
            case (_, "attributes" | "consent" as entries, name, *_):
                contact[entries].setdefault(name, value)
            case (_, field, *_):
                contact[field] = value
    return {"contact": contact, "context": context}


def _column(roll: Roll, path: tuple[str, ...]) -> Column:
    """Reads `contact.attributes.score` of a member. Deeper paths read the whole attribute."""
    snapshot = roll.snapshot
    if len(path) > 1 and path[1] == "id":
        return roll.contact_ids.__getitem__
    if snapshot is None:
        return lambda _: MISSING
    match path[1:3]:
        case ():
            return lambda member: _whole(roll, snapshot, member)
        case ("attributes", name):
            return _present(snapshot.attributes.get(name))
        case ("consent", name):
            return _present(_consent(snapshot).get(name))
        case ("attributes",):
            return lambda member: _entries(snapshot.attributes, member)
        case ("consent",):
            return lambda member: _entries(_consent(snapshot), member)
        case ("email", *_):
            return _present(snapshot.emails)
        case ("phone", *_):
            return _present(snapshot.phones)
        case ("zone", *_):
            return _present(snapshot.zones)
        case ("groups", *_):
            return _present(snapshot.groups)
        case ("active", *_):
            return lambda member: snapshot.active is None or snapshot.active[member]
        case _:
            return lambda _: MISSING


def _present(column: Sequence[Any] | None) -> Column:
    if column is None:
        return lambda _: MISSING
    return lambda member: MISSING if column[member] is None else column[member]


def _consent(snapshot: Snapshot) -> Mapping[str, Sequence[bool | None]]:
    """Entries as they stand with the contact; of a chunk from before they were carried, what was."""
    return snapshot.consents if snapshot.consent_entries is None else snapshot.consent_entries


def _entries(columns: Mapping[str, Sequence[Any]], member: int) -> dict[str, Any]:
    return {name: column[member] for name, column in columns.items() if column[member] is not None}


def _whole(roll: Roll, snapshot: Snapshot, member: int) -> dict[str, Any]:
    known = {
        "email": snapshot.emails[member],
        "phone": snapshot.phones[member] if snapshot.phones is not None else None,
        "zone": snapshot.zones[member],
        "groups": snapshot.groups[member] if snapshot.groups is not None else None,
    }
    return {name: value for name, value in known.items() if value is not None} | {
        "id": roll.contact_ids[member],
        "active": snapshot.active is None or snapshot.active[member],
        "attributes": _entries(snapshot.attributes, member),
        "consent": _entries(_consent(snapshot), member),
    }
