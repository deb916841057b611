"""A small run without a fault, made by hand: what a platform leaves behind that kept all its promises.

Launch `done` (completed): ann and ben get two messages, two seconds apart; cyd has not consented; dan had his turn.
Launch `halt` (stopped): eve was between the messages, fay not in the process yet. A third request was refused.
"""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chaos.oracle.plain import Command, Record, Run, Sample, Sighting

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCENARIO = {
    "key": "two",
    "start": "first",
    "steps": {
        "first": {"send": {"channel": "email", "message_type": "promotional"}, "next": "pause"},
        "pause": {"wait": {"for": "2s"}, "next": "second"},
        "second": {"send": {"channel": "email", "message_type": "promotional"}, "next": "won"},
        "won": {"end": "success"},
    },
}
PARTITION = {"ann": 0, "ben": 1, "cyd": 0, "dan": 1, "eve": 0, "fay": 1}


def at(seconds: float) -> str:
    return (BEGIN + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Story:
    """Written down as it happens; `run` is what was left behind."""

    records: list[Record] = field(default_factory=list)
    rows: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    mails: list[dict[str, Any]] = field(default_factory=list)
    place: int = 0

    def record(
        self, topic: str, partition: int, kind: str, second: float, value: dict[str, Any], id_: str | None = None
    ) -> None:
        body = json.dumps(value).encode()
        id_ = id_ or hashlib.sha256(kind.encode() + body).hexdigest()[:32]
        stamp = int((BEGIN + timedelta(seconds=second)).timestamp() * 1000)
        offset = sum((known.topic, known.partition) == (topic, partition) for known in self.records)
        headers = {"ce_id": id_, "ce_source": "/slipway", "ce_type": f"com.slipway.{kind}.v1", "ce_time": at(second)}
        pairs = tuple((name, text.encode()) for name, text in headers.items())
        self.records.append(Record(topic, partition, offset, stamp, b"key", pairs, body))

    def row(self, service: str, table: str, **columns: Any) -> None:
        self.rows.setdefault(service, {}).setdefault(table, []).append(columns)

    def witness(self, service: str, table: str, second: float, **columns: Any) -> None:
        self.place += 1
        self.row(service, table, place=self.place, at=at(second), **columns)

    # Requests

    def request(self, command: str, launch: str, second: float, answer: str) -> None:
        asked = {"project": "acme", "scenario": "two", "participants": {"kind": "all"}}
        self.record("crm.commands", 0, "launch.request", second, asked, id_=command)
        told = {"project": "acme", "command_id": command, "command_source": "/slipway", "points": []}
        if answer == "accepted":
            told |= {"launch_id": launch, "state": "requested"}
        self.record("launcher.replies", 0, f"launch.{answer}", second + 0.1, told)
        if answer == "accepted":
            self.row("launcher", "launch", launch_id=launch, project="acme", state="running")
            requested = {
                "project": "acme",
                "launch_id": launch,
                "revision": 1,
                "state": "running",
                "version": {"version": 1, "body": SCENARIO},
                "options": {"consent_override": False},
                "command_id": command,
                "command_source": "/slipway",
            }
            self.record("launcher.launches", 0, "launch-requested", second + 0.1, requested)

    # Targets and instances

    def targets(self, launch: str, second: float, contacts: dict[str, str | None]) -> None:
        for contact, reason in contacts.items():
            base: dict[str, Any] = {"project": "acme", "launch_id": launch}
            if reason is None:
                value = {**base, "targets": {"contact_ids": [contact]}}
                self.record("contacts.targets", PARTITION[contact], "targets-admitted", second, value)
            else:
                value = {**base, "contact_ids": [contact], "reasons": [reason], "at": at(second)}
                self.record("contacts.targets", PARTITION[contact], "targets-excluded", second, value)
            chunk = self.records[-1].header("ce_id")
            self.row("contacts", "target_chunk", launch_id=launch, event_id=chunk, contact_ids=[contact])
        for partition in (0, 1):
            value = {
                "project": "acme",
                "launch_id": launch,
                "total": len(contacts),
                "at": at(second),
                "home": partition,
            }
            self.record("contacts.targets", partition, "targeting-finished", second, value)

    def starts(self, launch: str, contact: str, second: float) -> None:
        value = {"launch_id": launch, "contact_ids": [contact], "at": at(second)}
        self.record("executor.outcomes", PARTITION[contact], "targets-started", second, value)

    def refuses(self, launch: str, contact: str, second: float, reason: str) -> None:
        value = {"launch_id": launch, "contact_ids": [contact], "reasons": [reason], "at": at(second)}
        self.record("executor.outcomes", PARTITION[contact], "targets-refused", second, value)
        self.row("executor", "refused_target", launch_id=launch, contact_id=contact, reason=reason)
        self.outcome(launch, contact, second + 0.1, "other", f"not_started:{reason}")

    def ends(self, launch: str, contact: str, second: float, outcome: str, reason: str) -> None:
        value = {
            "launch_id": launch,
            "contact_ids": [contact],
            "outcomes": [outcome],
            "reasons": [reason],
            "at": at(second),
        }
        self.record("executor.outcomes", PARTITION[contact], "targets-ended", second, value)
        row = {"launch_id": launch, "contact_id": contact, "step": "won", "due_at": None}
        self.row("executor", "process_instance", **row, status="ended", outcome=outcome, reason=reason)
        self.outcome(launch, contact, second + 0.1, outcome, reason)

    def sends(self, launch: str, contact: str, second: float, step: str) -> None:
        value = {
            "launch_id": launch,
            "step": step,
            "occurrences": [1],
            "targets": {"contact_ids": [contact]},
            "at": at(second),
        }
        self.record("executor.sends", PARTITION[contact], "sends-requested", second, value)
        self.witness("executor", "steps_asked", second, launch_id=launch)
        key = {"launch_id": launch, "contact_id": contact, "step": step, "occurrence": 1}
        self.row("messaging", "send", **key, state="accepted", reason=None)
        self.witness("messaging", "dotted", second + 0.1, **key)
        self.mails.append(
            {
                "at": at(second + 0.2),
                "message_id": f"<{send_id(launch, contact, step)}@acme.example>",
                "rcpt": f"{contact}@example.com",
                "subject": f"{step} {contact}",
            }
        )
        told = {
            "launch_id": launch,
            "step": step,
            "contact_ids": [contact],
            "occurrences": [1],
            "states": ["accepted"],
            "previous": [None],
            "at": at(second + 0.3),
        }
        self.record("messaging.deliveries", PARTITION[contact], "deliveries-recorded", second + 0.3, told)

    # What log makes of it

    def outcome(self, launch: str, contact: str, second: float, outcome: str, reason: str) -> None:
        value = {"launch_id": launch, "contact_id": contact, "outcome": outcome, "reason": reason}
        self.record("log.outcomes", PARTITION[contact], "outcome.recorded", second, value)
        self.row("log", "outcome", **value)

    def figures(self, launch: str, second: float, kind: str, revision: int, **counts: Any) -> None:
        nothing = dict.fromkeys(("started", "not_started", "in_progress", "success", "failure", "abandon", "other"), 0)
        value = {"launch_id": launch, "revision": revision, **nothing, "by_reason": {}, "deliveries": {}, **counts}
        self.record("log.launches", 0, f"launch.{kind}", second, value)

    def run(self, **more: Any) -> Run:
        ends: dict[tuple[str, int], int] = {}
        for record in self.records:
            ends[record.topic, record.partition] = record.offset + 1
        for service, topic in READS:
            for partition in (0, 1):
                cursor = {"topic": topic, "partition": partition, "epoch": 1, "owner": f"{service}/{service}-0"}
                end = ends.get((topic, partition), 0)
                self.row(service, "stream_cursor", **cursor, next_offset=end)
                self.witness(service, "cursor_moved", 20, **cursor, next_offset=end, who=f"{service}/{service}-0")
        return Run(self.rows, self.records, self.mails, ends=ends, at=at(60), **more)


READS = (
    ("launcher", "crm.commands"),
    ("contacts", "launcher.launches"),
    ("executor", "contacts.targets"),
    ("messaging", "executor.sends"),
    ("messaging", "contacts.changes"),
    ("log", "executor.outcomes"),
)


def send_id(launch: str, contact: str, step: str) -> str:
    """Worked out another way than the oracle does."""
    parts = [launch, contact, step, "1"]
    digest = hashlib.sha256("\x1f".join(f"{len(part)}:{part}" for part in parts).encode()).digest()
    return base64.b16encode(digest).decode().lower()[:32]


def story() -> Story:
    told = Story()
    for contact in PARTITION:
        person = {"id": contact, "active": True, "consent": {"promotional": contact != "cyd"}}
        change = {"contact_id": contact, "revision": 1, "contact": person, "suppressed": False}
        told.record(
            "contacts.changes", PARTITION[contact], "contacts-changed", -60, {"project": "acme", "changes": [change]}
        )
    told.request("cmd-1", "done", 0, "accepted")
    told.targets("done", 1, {"ann": None, "ben": None, "cyd": "no_consent", "dan": None})
    told.outcome("done", "cyd", 1.2, "other", "not_started:no_consent")
    told.refuses("done", "dan", 1.3, "recurrence_once")
    told.figures("done", 1.5, "progressed", 1, targeted=4, not_started=2, other=2, in_progress=2,
                 by_reason={"not_started:no_consent": 1, "not_started:recurrence_once": 1})  # fmt: skip
    for contact in ("ann", "ben"):
        told.starts("done", contact, 1.4)
        told.sends("done", contact, 1.4, "first")
        told.sends("done", contact, 4, "second")
        told.ends("done", contact, 4.5, "success", "end:won")
    told.figures("done", 5, "completed", 2, targeted=4, started=2, not_started=2, success=2, other=2,
                 by_reason={"end:won": 2, "not_started:no_consent": 1, "not_started:recurrence_once": 1},
                 deliveries={"accepted": 4})  # fmt: skip
    told.request("cmd-2", "halt", 10, "accepted")
    told.targets("halt", 11, {"eve": None, "fay": None})
    told.starts("halt", "eve", 11.1)
    told.sends("halt", "eve", 11.1, "first")
    told.record(
        "launcher.launches", 0, "launch-controlled", 12, {"launch_id": "halt", "revision": 2, "state": "stopped"}
    )
    for service in ("executor", "messaging"):
        told.witness(service, "gate_turned", 12, launch_id="halt", state="stopped")
        told.row(service, "gate", launch_id="halt", state="stopped")
    told.ends("halt", "eve", 12.1, "abandon", "stopped")
    told.refuses("halt", "fay", 12.2, "stopped")
    told.figures("halt", 13, "stopped", 1, targeted=2, started=1, not_started=1, abandon=1, other=1,
                 by_reason={"stopped": 1, "not_started:stopped": 1}, deliveries={"accepted": 1})  # fmt: skip
    told.request("cmd-3", "", 14, "rejected")
    return told


def honest_run() -> Run:
    return story().run(
        commands=[
            Command("acme", "/slipway", "cmd-1", "accepted", "done"),
            Command("acme", "/slipway", "cmd-2", "accepted", "halt"),
            Command("acme", "/slipway", "cmd-3", "rejected"),
        ],
        sightings=[Sighting("done", {0: 99, 1: 99})],
        samples=[Sample("executor-0", 100_000_000)],
    )
