"""I12 and I13: no step too early, none twice, none behind a stop."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from chaos.oracle.plain import Finding, Row
from chaos.oracle.seen import Launch, Seen, milliseconds

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
ONWARD = ("next", "on_skipped", "on_failure", "on_unknown", "on_timeout", "otherwise")


def no_timer_is_early(seen: Seen) -> Iterator[Finding]:
    """I12: behind a wait of fixed length, the next step is not begun before that time has passed.

    The wait began no earlier than messaging told of the send before it (or the target started). Judged where the wait
    has one way in and its successor no other.
    """
    for launch in seen.launches.values():
        for before, seconds, after in _waits(launch.scenario):
            for contact in launch.started:
                began = launch.started[contact] if before is None else launch.delivered.get((contact, before))
                went_on = _begun(launch, contact, after)
                if began is None or went_on is None:
                    continue
                early = milliseconds(began) + seconds * 1000 - milliseconds(went_on)
                if early > 0:
                    yield Finding(f"came to {after} {early:g} ms before its time", launch.id, contact)


def no_step_twice(seen: Seen) -> Iterator[Finding]:
    """I12: a step is asked for once per visit."""
    for launch in seen.launches.values():
        for contact, requests in launch.asked.items():
            for (step, visit), count in Counter((asked.step, asked.occurrence) for asked in requests).items():
                if count > 1:
                    yield Finding(f"visit {visit} of {step} was asked for {count} times", launch.id, contact)


def nothing_starts_behind_a_stop(seen: Seen) -> Iterator[Finding]:
    """I13: after executor's gate committed no step is asked for, after messaging's there is no `dot` (as witnessed)."""
    for service, table, what in (
        ("executor", "steps_asked", "executor asked for a step"),
        ("messaging", "dotted", "messaging handed a mail over"),
    ):
        stopped: dict[str, int] = {}
        for row in seen.run.table(service, "gate_turned"):
            if row["state"] == "stopped":
                stopped.setdefault(row["launch_id"], row["place"])
        for row in seen.run.table(service, table):
            if row["place"] > stopped.get(row["launch_id"], row["place"]):
                yield Finding(f"{what} behind its stopped gate", row["launch_id"], row.get("contact_id", ""))


def _begun(launch: Launch, contact: str, step: str) -> str | None:
    if "end" in launch.scenario["steps"][step]:
        end = launch.ended.get(contact)
        return end[1] if end and end[0].reason == f"end:{step}" else None
    return next((asked.at for asked in launch.asked.get(contact, ()) if asked.step == step), None)


def _waits(scenario: Row) -> Iterator[tuple[str | None, int, str]]:
    """(send before it or None for the start, seconds, step behind it)."""
    steps: dict[str, Any] = scenario.get("steps", {})
    edges = [(name, target) for name, step in steps.items() for target in _targets(step)]
    ways_in = Counter(target for _, target in edges) + Counter([scenario.get("start", "")])
    for name, step in steps.items():
        length = step.get("wait", {}).get("for")
        if not length or ways_in[name] != 1 or ways_in[step["next"]] != 1:
            continue
        before = next((source for source, target in edges if target == name), None)
        if before is None or "send" in steps[before]:
            yield before, _seconds(length), step["next"]


def _targets(step: Row) -> Iterator[str]:
    for name, value in step.items():
        if name in ONWARD and isinstance(value, str):
            yield value
        elif name in ("branch", "split"):
            for arm in value:
                yield from _targets(arm)


def _seconds(length: str) -> int:
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([smhd])", length))
