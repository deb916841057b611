"""Reads a run's topics into what `seen` holds. A repeated record counts once (by its id)."""

import json
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from sys import intern
from typing import Any

from chaos.oracle.plain import Asked, Expected, Figures, Record, Row, Run, Told
from chaos.oracle.seen import Change, Launch, Seen, type_of


def look(run: Run) -> Seen:
    seen = Seen(run, {}, set(), defaultdict(list), defaultdict(list))
    known: set[tuple[str, str]] = set()
    for record in run.records:
        reader = _READERS.get(record.topic)
        if reader is None or record.value is None:
            continue
        if record.topic not in ("crm.commands", "log.outcomes"):
            identity = (record.topic, record.header("ce_id") or "")
            if identity in known:
                continue
            known.add(identity)
        try:
            reader(seen, record, json.loads(record.value))
        except (ValueError, KeyError, TypeError):
            continue  # poison of the test: what is not parked of it is another check's
    return seen


def _launch(seen: Seen, data: Row) -> Launch:
    return seen.launches.setdefault(data["launch_id"], Launch(data["launch_id"]))


def _of_launcher(seen: Seen, record: Record, data: Row) -> None:
    match type_of(record):
        case "launch-requested":
            _launch(seen, data).requested = data
        case "launch-controlled" if data["state"] == "stopped":
            _launch(seen, data).stops.append(data)


def _of_contacts(seen: Seen, record: Record, data: Row) -> None:
    match type_of(record):
        case "targets-admitted":
            pairs = [(intern(contact), None) for contact in data["targets"]["contact_ids"]]
        case "targets-excluded":
            pairs = list(zip(data["contact_ids"], data["reasons"], strict=True))
        case "targeting-finished":
            _launch(seen, data).totals.add(data["total"])
            return
        case _:
            return
    launch = _launch(seen, data)
    for contact, reason in pairs:
        if contact in launch.targeted:
            launch.twice.append(contact)
        launch.targeted[contact] = reason


def _of_executor(seen: Seen, record: Record, data: Row) -> None:
    if "launch_id" not in data:  # contacts-erased, which is of no launch
        return
    launch = _launch(seen, data)
    contacts = [intern(contact) for contact in data.get("contact_ids", ())]
    match type_of(record):
        case "targets-started":
            launch.started.update((contact, data["at"]) for contact in contacts)
        case "targets-refused":
            launch.refused.update(zip(contacts, data["reasons"], strict=True))
        case "targets-ended":
            launch.ended_twice += [contact for contact in contacts if contact in launch.ended]
            said = (
                data[column] * (len(contacts) if len(data[column]) == 1 else 1) for column in ("outcomes", "reasons")
            )
            for contact, outcome, reason in zip(contacts, *said, strict=True):
                launch.ended[intern(contact)] = _expected(outcome, reason), data["at"]
        case "incidents-opened":
            launch.incidents.update(contacts)
        case "incidents-closed":
            launch.incidents.difference_update(contacts)


def _of_sends(seen: Seen, record: Record, data: Row) -> None:
    if type_of(record) != "sends-requested":
        return
    launch = _launch(seen, data)
    event_id = record.header("ce_id") or ""
    for contact, occurrence in zip(data["targets"]["contact_ids"], data["occurrences"], strict=True):
        asked = Asked(data["step"], occurrence, data["at"], event_id, record.offset)
        launch.asked.setdefault(intern(contact), []).append(asked)


def _of_messaging(seen: Seen, record: Record, data: Row) -> None:
    if type_of(record) != "deliveries-recorded":
        return
    launch = _launch(seen, data)
    for contact, state in zip(data["contact_ids"], data["states"], strict=True):
        if state not in ("planned", "held", "sending"):
            launch.delivered.setdefault((intern(contact), data["step"]), data["at"])


def _of_outcomes(seen: Seen, record: Record, data: Row) -> None:
    told = Told(intern(data["outcome"]), intern(data["reason"]), record.partition, record.offset, record.timestamp)
    before = _launch(seen, data).told.setdefault(intern(data["contact_id"]), [])
    if not any((known.outcome, known.reason) == (told.outcome, told.reason) for known in before):
        before.append(told)


def _of_log(seen: Seen, record: Record, data: Row) -> None:
    kind = type_of(record).removeprefix("launch.")
    _launch(seen, data).figures.append(Figures(kind, record.timestamp, data))


def _of_changes(seen: Seen, record: Record, data: Row) -> None:
    at = record.header("ce_time") or ""
    for change in data["changes"]:
        contact = change["contact"]
        reachable = contact is not None and contact["active"] and not change["suppressed"]
        consent = _consent(tuple(contact["consent"].items())) if contact else {}
        here = Change(record.partition, record.offset, at, int(change["revision"]), reachable, consent)
        seen.changes[data["project"], intern(change["contact_id"])].append(here)


@cache
def _consent(given: tuple[tuple[str, bool], ...]) -> Mapping[str, bool]:
    """Most contacts have the same."""
    return dict(given)


@cache
def _expected(outcome: str, reason: str) -> Expected:
    return Expected(outcome, reason)


def _of_crm(seen: Seen, record: Record, data: Row) -> None:
    if record.header("ce_id"):
        seen.commands.add((record.header("ce_source") or "", record.header("ce_id") or ""))


def _of_replies(seen: Seen, record: Record, data: Row) -> None:
    identity = (data["command_source"], data["command_id"])
    answer = (type_of(record), {name: value for name, value in data.items() if name != "command_at"})
    if answer not in seen.replies[identity]:
        seen.replies[identity].append(answer)


_READERS: dict[str, Any] = {
    "launcher.launches": _of_launcher,
    "contacts.targets": _of_contacts,
    "executor.outcomes": _of_executor,
    "executor.sends": _of_sends,
    "messaging.deliveries": _of_messaging,
    "log.outcomes": _of_outcomes,
    "log.launches": _of_log,
    "contacts.changes": _of_changes,
    "crm.commands": _of_crm,
    "launcher.replies": _of_replies,
}
