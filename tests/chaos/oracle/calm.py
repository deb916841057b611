"""I17-I19: what must be so when the faults are over."""

from collections.abc import Iterator

from chaos.oracle.plain import Finding
from chaos.oracle.publication import SERVICES
from chaos.oracle.seen import Seen, milliseconds

PARKED_WITHIN_MS = 10_000
OVERDUE_MS = 5_000


def only_poison_is_parked(seen: Seen) -> Iterator[Finding]:
    """I17: every record that nobody can handle is parked within 10 s, and nothing else is."""
    parked = {
        (row["topic"], row["partition"], row["record_offset"]): (service, row)
        for service in SERVICES
        for row in seen.run.table(service, "parked")
    }
    poison = {(one.topic, one.partition, one.offset) for one in seen.run.poison}
    for place in sorted(poison - parked.keys()):
        yield Finding(f"{place[0]}/{place[1]} at {place[2]} is poison and was not parked")
    for place, (service, row) in sorted(parked.items(), key=lambda item: item[0]):
        where = f"{place[0]}/{place[1]} at {place[2]}"
        if place not in poison:
            yield Finding(f"{service} parked {where}: {row['reason']}")
        elif (held := milliseconds(row["parked_at"]) - row["record_time"]) > PARKED_WITHIN_MS:
            yield Finding(f"{service} was held by {where} for {held / 1000:.1f} s")


def memory_is_bounded(seen: Seen) -> Iterator[Finding]:
    """I18: no process ever held more than it may."""
    most: dict[str, int] = {}
    for sample in seen.run.samples:
        most[sample.process] = max(sample.bytes, most.get(sample.process, 0))
    for process, held in sorted(most.items()):
        if held > seen.run.most_memory:
            yield Finding(f"{process} held {held / 1e6:.0f} MB, at most {seen.run.most_memory / 1e6:.0f} are allowed")


def the_backlog_is_gone(seen: Seen) -> Iterator[Finding]:
    """I19: every cursor is at the end of its topic, no send waits, no timer is overdue."""
    for service in SERVICES:
        for row in seen.run.table(service, "stream_cursor"):
            end = seen.run.ends.get((row["topic"], row["partition"]), 0)
            if row["next_offset"] < end:
                left = end - row["next_offset"]
                yield Finding(f"{service} is {left} records behind on {row['topic']}/{row['partition']}")
    closed = {row["launch_id"] for row in seen.run.table("messaging", "gate") if row["state"] == "paused"}
    for row in seen.run.table("messaging", "send"):
        if row["state"] in ("planned", "held", "sending") and row["launch_id"] not in closed:
            yield Finding(f"step {row['step']} is still {row['state']}", row["launch_id"], row["contact_id"])
    now = milliseconds(seen.run.at)
    for row in seen.run.table("executor", "process_instance"):
        if row["due_at"] is not None and now - milliseconds(row["due_at"]) > OVERDUE_MS:
            yield Finding(f"its timer at {row['step']} was due at {row['due_at']}", row["launch_id"], row["contact_id"])
