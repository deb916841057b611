"""I2-I4: who was targeted, who of them started, and how each of them ended."""

import json
from collections.abc import Iterator

from chaos.oracle.plain import Finding, Record, Row
from chaos.oracle.seen import Launch, Seen, moment

VISIBLE = {"incident", "waiting_paused"}
"""An instance that stands so waits for a person, and every list shows it."""


def targeted_is_started_or_not(seen: Seen) -> Iterator[Finding]:
    """I2: targeted = started + not started by reason, contact by contact; the announced total is their number."""
    parked = _parked(seen)
    for launch in seen.launches.values():
        for contact, excluded in launch.targeted.items():
            ways = [excluded is not None, contact in launch.started, contact in launch.refused]
            if sum(ways) > 1:
                yield Finding("is both started and not started", launch.id, contact)
            elif not any(ways) and (launch.id, contact) not in parked:
                yield Finding("was admitted, then neither started nor refused", launch.id, contact)
        for contact in sorted((launch.started.keys() | launch.refused.keys()) - launch.targeted.keys()):
            yield Finding("started or was refused without having been targeted", launch.id, contact)
        if launch.totals and launch.totals != {len(launch.targeted)}:
            yield Finding(f"targeting announced {sorted(launch.totals)}, targeted {len(launch.targeted)}", launch.id)


def nobody_is_targeted_twice(seen: Seen) -> Iterator[Finding]:
    """I3: no (launch, contact) in two chunks."""
    for launch in seen.launches.values():
        for contact in launch.twice:
            yield Finding("lies in two chunks of targets", launch.id, contact)


def every_target_ends_once(seen: Seen) -> Iterator[Finding]:
    """I4: exactly one outcome, the one that contacts and executor decided; or it is visibly parked or stuck."""
    standing = {
        (row["launch_id"], row["contact_id"]): row
        for row in seen.run.table("executor", "process_instance")
        if row["status"] != "ended"
    }
    for launch in seen.launches.values():
        for contact in launch.targeted:
            yield from _ends_once(seen, launch, contact, standing)
        for contact in sorted(launch.told.keys() - launch.targeted.keys()):
            yield Finding("has an outcome and was never targeted", launch.id, contact)
        for contact in launch.ended_twice:
            yield Finding("was ended twice by executor", launch.id, contact)


def _ends_once(seen: Seen, launch: Launch, contact: str, standing: dict[tuple[str, str], Row]) -> Iterator[Finding]:
    told, expected = launch.told.get(contact, []), launch.expected(contact)
    said = [f"{one.outcome} ({one.reason})" for one in told]
    if len(told) > 1:
        yield Finding(f"has {len(told)} outcomes: {', '.join(said)}", launch.id, contact)
    elif expected is None and told:
        yield Finding(f"has outcome {said[0]}, executor has not ended it", launch.id, contact)
    elif expected is not None and not told:
        yield Finding(f"ended as {expected.outcome} ({expected.reason}), no outcome was published", launch.id, contact)
    elif expected is not None and (told[0].outcome, told[0].reason) != (expected.outcome, expected.reason):
        words = f"{expected.outcome} ({expected.reason})"
        yield Finding(f"was published as {said[0]}, ended as {words}", launch.id, contact)
    elif expected is None and contact in launch.started:
        row = standing.get((launch.id, contact))
        if row is None:
            yield Finding("started, and executor has no open instance of it", launch.id, contact)
        elif not _is_visible(row, seen.run.at):
            yield Finding(f"stands at {row['step']} as {row['status']}: nothing will move it", launch.id, contact)


def _is_visible(row: Row, now: str) -> bool:
    waits = row["status"] == "waiting_timer" and row["due_at"] is not None and moment(row["due_at"]) > moment(now)
    return waits or row["status"] in VISIBLE


def _parked(seen: Seen) -> set[tuple[str, str]]:
    """(launch, contact) of the targets in parked chunks."""
    places = {
        (row["topic"], row["partition"], row["record_offset"])
        for row in seen.run.table("executor", "parked")
        if row["state"] != "replayed"
    }
    if not places:
        return set()
    return {
        pair
        for record in seen.run.records
        if (record.topic, record.partition, record.offset) in places
        for pair in _targets(record)
    }


def _targets(record: Record) -> Iterator[tuple[str, str]]:
    try:
        data = json.loads(record.value or b"")
        for contact in data["targets"]["contact_ids"]:
            yield data["launch_id"], contact
    except (ValueError, KeyError, TypeError):
        return
