"""The exact recount of one launch: what each service and the topics say of every target, held side by side.

Pure: it merges sorted ledgers and says where they differ. `commands/reconcile.py` fetches them.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from contracts.words import NOT_STARTED

Row = dict[str, Any]
SOURCES = ("contacts", "executor", "messaging", "log", "topic")
UNFINISHED = frozenset({"planned", "held", "sending"})


@dataclass(frozen=True)
class Difference:
    contact_id: str
    what: str


@dataclass
class Recount:
    """What was counted over all targets, and every difference found."""

    targets: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    deliveries: Counter[str] = field(default_factory=Counter)
    open: int = 0
    differences: list[Difference] = field(default_factory=list)


def recount(ledgers: Mapping[str, Iterable[Row]], figures: Row, public: bool = True) -> Recount:
    """Merges the ledgers (each sorted by contact id, bytewise) in bounded memory and compares with the counts.

    `ledgers` has an entry for each of SOURCES; `topic` holds the records of `log.outcomes`: of a launch that is
    not `public` there may be none. `figures` are the launch's.
    """
    result = Recount()
    ended = figures["state"] in ("completed", "stopped", "failed")
    for contact_id, rows in _by_contact(ledgers):
        _judge(result, contact_id, rows, ended, public)
    _compare_counts(result, figures)
    return result


def _by_contact(ledgers: Mapping[str, Iterable[Row]]) -> Iterator[tuple[str, dict[str, list[Row]]]]:
    streams = [_tagged(source, rows) for source, rows in ledgers.items()]
    for key, group in groupby(heapq.merge(*streams, key=itemgetter(0, 1)), key=itemgetter(0)):
        found: dict[str, list[Row]] = {source: [] for source in SOURCES}
        for _, source, row in group:
            found[source].append(row)
        yield key.decode(), found


def _tagged(source: str, rows: Iterable[Row]) -> Iterator[tuple[bytes, str, Row]]:
    for row in rows:
        yield row["contact_id"].encode(), source, row


def _judge(result: Recount, contact_id: str, rows: dict[str, list[Row]], launch_ended: bool, public: bool) -> None:
    def differs(what: str) -> None:
        result.differences.append(Difference(contact_id, what))

    for source in ("contacts", "executor", "log", "topic"):
        if len(rows[source]) > 1:
            differs(f"{source} has it {len(rows[source])} times")
    target, instance, counted, published = (_first(rows[source]) for source in ("contacts", "executor", "log", "topic"))
    result.targets += 1
    result.deliveries.update(send["state"] for send in rows["messaging"])
    if target is None:
        differs("contacts never targeted it, others know it")
        return
    expected = _expected(target, instance)
    if expected is None:
        result.open += 1
        if instance is None:
            differs("admitted by contacts, unknown to executor")
    else:
        outcome, reason = expected
        result.outcomes[outcome] += 1
        result.reasons[reason] += 1
    if (said := _ended(counted)) != expected:
        differs(f"log says {_words(said)}, executor and contacts say {_words(expected)}")
    if (told := _pair(published) if published else None) != (expected if public else None):
        differs(f"log.outcomes says {_words(told)}, executor and contacts say {_words(expected)}")
    for send in rows["messaging"]:
        if launch_ended and send["state"] in UNFINISHED:
            differs(f"the launch ended, its send at step {send['step']} is still {send['state']}")
    if target["state"] == "excluded" and rows["messaging"]:
        differs("excluded by contacts, but messaging has a send")


def _expected(target: Row, instance: Row | None) -> tuple[str, str] | None:
    """(outcome, reason) that follow from what contacts and executor hold; None while it is open."""
    if target["state"] == "excluded":
        return "other", NOT_STARTED + f"{target['reason']}"
    if instance is None or instance["state"] == "open":
        return None
    if instance["state"] == "refused":
        return "other", NOT_STARTED + f"{instance['reason']}"
    return _pair(instance)


def _compare_counts(result: Recount, figures: Row) -> None:
    pairs = [("targeted", result.targets), ("in_progress", result.open)]
    pairs += [(outcome, result.outcomes[outcome]) for outcome in ("success", "failure", "abandon", "other")]
    for name, counted in pairs:
        if figures[name] != counted:
            result.differences.append(
                Difference("*", f"{name} is {figures[name]} by the counts, {counted} by the rows")
            )
    for kind, said, found in (
        ("reason", figures["by_reason"], result.reasons),
        ("delivery", figures["deliveries"], result.deliveries),
    ):
        for name in sorted(said.keys() | found.keys()):
            if said.get(name, 0) != found.get(name, 0):
                result.differences.append(
                    Difference(
                        "*", f"{kind} {name} is {said.get(name, 0)} by the counts, {found.get(name, 0)} by the rows"
                    )
                )


def _first(rows: list[Row]) -> Row | None:
    return rows[0] if rows else None


def _pair(row: Row) -> tuple[str, str]:
    return row["outcome"], row["reason"]


def _ended(row: Row | None) -> tuple[str, str] | None:
    return _pair(row) if row is not None and row["state"] == "ended" else None


def _words(said: tuple[str, str] | None) -> str:
    return "nothing yet" if said is None else f"{said[0]} ({said[1]})"
