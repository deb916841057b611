"""I9, I10, I11, I16: who may commit, and what reaches the topics."""

from collections.abc import Iterator

from chaos.oracle.plain import Finding, Row, Run
from chaos.oracle.seen import Seen

SERVICES = ("launcher", "contacts", "executor", "messaging", "log")
NOT_TOLD = {"planned", "held", "sending"}
PASSING = {"stream_cursor", "outbox", "http_outbox", "cursor_moved", "gate_turned", "steps_asked", "dotted", "untold"}
"""Tables that a replay may touch."""


def only_the_owner_commits(seen: Seen) -> Iterator[Finding]:
    """I9: every witnessed move of a cursor was the owner's; epochs and offsets never go back."""
    for service in SERVICES:
        last: dict[tuple[str, int], tuple[int, int]] = {}
        for row in seen.run.table(service, "cursor_moved"):
            where = (row["topic"], row["partition"])
            place = f"{service} {row['topic']}/{row['partition']}"
            if row["who"] != row["owner"]:
                yield Finding(f"{place}: {row['who']} moved it, the owner is {row['owner']} (epoch {row['epoch']})")
            epoch, offset = last.get(where, (0, 0))
            if row["epoch"] < epoch or row["next_offset"] < offset:
                now = f"epoch {row['epoch']}, offset {row['next_offset']}"
                yield Finding(f"{place}: {now} after epoch {epoch}, offset {offset}")
            last[where] = (row["epoch"], row["next_offset"])


def one_id_has_one_content(seen: Seen) -> Iterator[Finding]:
    """I10: records of one topic with one id are byte-identical, headers and partition included."""
    known: dict[tuple[str, str], int] = {}
    for record in seen.run.records:
        id_ = record.header("ce_id")
        if id_ is None or record.topic.startswith("crm."):
            continue
        content = hash((record.partition, record.key, record.headers, record.value))
        if known.setdefault((record.topic, id_), content) != content:
            yield Finding(f"{record.topic}/{record.partition} at {record.offset}: id {id_} with other content")


def outboxes_are_empty(seen: Seen) -> Iterator[Finding]:
    """I11: no decided record still waits for Kafka when all is quiet."""
    for service in SERVICES:
        for table in ("outbox", "http_outbox", "untold"):
            for row in seen.run.table(service, table):
                yield Finding(f"{service}.{table} still holds something for {row.get('topic', 'messaging.deliveries')}")


def what_is_stored_was_published(seen: Seen) -> Iterator[Finding]:
    """I11: chunks, refusals, ends, deliveries and outcomes that are in a database are on its topic."""
    chunks = {record.header("ce_id") for record in seen.run.records if record.topic == "contacts.targets"}
    for row in seen.run.table("contacts", "target_chunk"):
        if row["event_id"] not in chunks:
            yield Finding(f"chunk {row['event_id']} of contacts is not on its topic", row["launch_id"])
    for row in seen.run.table("executor", "process_instance"):
        if row["status"] == "ended":
            yield from _missing(seen, row, "ended", "executor ended it, and never said so")
        yield from _missing(seen, row, "started", "executor started it, and never said so")
    for row in seen.run.table("executor", "refused_target"):
        yield from _missing(seen, row, "refused", "executor refused it, and never said so")
    for row in seen.run.table("log", "outcome"):
        yield from _missing(seen, row, "told", "log has its outcome, log.outcomes does not")
    for row in seen.run.table("messaging", "send"):
        launch = seen.launches.get(row["launch_id"])
        if row["state"] not in NOT_TOLD and (not launch or (row["contact_id"], row["step"]) not in launch.delivered):
            what = f"step {row['step']} is {row['state']}, messaging never said so"
            yield Finding(what, row["launch_id"], row["contact_id"])


def _missing(seen: Seen, row: Row, where: str, what: str) -> Iterator[Finding]:
    launch = seen.launches.get(row["launch_id"])
    if launch is None or row["contact_id"] not in getattr(launch, where):
        yield Finding(what, row["launch_id"], row["contact_id"])


def replay_changed_nothing(before: Run, after: Run) -> Iterator[Finding]:
    """I16: with the topics read again, rows and mails are what they were. Takes two runs."""
    if len(after.mails) != len(before.mails):
        yield Finding(f"{len(after.mails) - len(before.mails)} mails were sent by the replay")
    for service in SERVICES:
        for table in sorted(before.rows.get(service, {}).keys() - PASSING):
            old, new = (sorted(map(_text, run.table(service, table))) for run in (before, after))
            if old != new:
                yield Finding(f"{service}.{table} changed: {_first_difference(old, new)}")


def _text(row: Row) -> str:
    return ", ".join(f"{name}={row[name]!r}" for name in sorted(row))


def _first_difference(old: list[str], new: list[str]) -> str:
    gone, come = sorted(set(old) - set(new)), sorted(set(new) - set(old))
    return f"{gone[0] if gone else 'nothing'} became {come[0] if come else 'nothing'}"
