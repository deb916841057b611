"""I6, I7, I14, I15: what the mail provider has, against what messaging says and contacts wanted."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from chaos.oracle.plain import Finding, Row
from chaos.oracle.seen import Change, Seen, milliseconds, moment, send_id

HANDED_OVER = {"accepted", "delivered", "bounced", "complained"}
WITHIN_SECONDS = 5.0
"""From contacts' commit to messaging, when nobody witnessed when messaging read it."""


class Send(NamedTuple):
    launch: str
    contact: str
    step: str
    occurrence: int
    state: str


def no_mail_twice(seen: Seen) -> Iterator[Finding]:
    """I6: each send id is accepted at most once by the provider."""
    sends = _sends(seen)
    for id_, count in Counter(map(_id_of, seen.run.mails)).items():
        if count > 1:
            send = sends.get(id_)
            what = f"the provider accepted {id_} {count} times"
            yield Finding(what, *((send.launch, send.contact) if send else ()))


def provider_and_deliveries_agree(seen: Seen) -> Iterator[Finding]:
    """I7: what the provider has is accepted or unknown, and what is accepted it has."""
    there = set(map(_id_of, seen.run.mails))
    sends = _sends(seen)
    for id_, send in sends.items():
        if id_ in there and send.state not in HANDED_OVER | {"unknown"}:
            what = f"the provider has its mail of step {send.step}, the send is {send.state}"
            yield Finding(what, send.launch, send.contact)
        elif id_ not in there and send.state in HANDED_OVER:
            what = f"step {send.step} is {send.state}, the provider does not have it"
            yield Finding(what, send.launch, send.contact)
    for id_ in sorted(there - sends.keys()):
        yield Finding(f"the provider has {id_}, messaging has no such send")


def mails_leave_in_order(seen: Seen) -> Iterator[Finding]:
    """I14: what one instance sent reached the provider in the order in which executor asked for it."""
    order = {
        send_id(launch.id, contact, asked.step, asked.occurrence): (launch.id, contact, asked.order)
        for launch in seen.launches.values()
        for contact, requests in launch.asked.items()
        if len(requests) > 1
        for asked in requests
    }
    last: dict[tuple[str, str], int] = {}
    for mail in seen.run.mails:
        if (place := order.get(_id_of(mail))) is None:
            continue
        launch, contact, number = place
        if number < last.get((launch, contact), -1):
            yield Finding(f"{mail['subject']!r} was sent after a later message", launch, contact)
        last[launch, contact] = max(number, last.get((launch, contact), -1))


def nobody_withdrawn_gets_mail(seen: Seen) -> Iterator[Finding]:
    """I15: no mail whose `dot` came after messaging had read the withdrawal (witnessed; else 5 s after contacts)."""
    withdrawn = {who for who, changes in seen.changes.items() if any(map(_forbids_some, changes))}
    if not withdrawn:
        return
    read = _read_by_messaging(seen)
    dots = {
        (row["launch_id"], row["contact_id"], row["step"], row["occurrence"]): milliseconds(row["at"])
        for row in seen.run.table("messaging", "dotted")
    }
    sends = _sends(seen)
    for mail in seen.run.mails:
        send = sends.get(_id_of(mail))
        launch = seen.launches.get(send.launch) if send else None
        if send is None or launch is None or launch.requested is None:
            continue
        who = (launch.requested["project"], send.contact)
        if who not in withdrawn:
            continue
        at = dots.get(send[:4], milliseconds(mail["at"]))
        known = [change for change in seen.changes[who] if _known_at(change, read) < at]
        newest = max(known, key=lambda change: change.revision, default=None)
        kind = launch.scenario["steps"][send.step]["send"]["message_type"]
        if newest and _forbids(newest, kind, override=launch.requested["options"]["consent_override"]):
            what = f"got {mail['subject']!r} although messaging knew the withdrawal of {newest.at}"
            yield Finding(what, send.launch, send.contact)


def _forbids_some(change: Change) -> bool:
    return not change.reachable or not all(change.consent.values())


def _forbids(change: Change, message_type: str, *, override: bool) -> bool:
    if not change.reachable:
        return True
    return not override and message_type != "administrative" and not change.consent.get(message_type, False)


def _read_by_messaging(seen: Seen) -> dict[int, list[tuple[int, int]]]:
    """By partition of `contacts.changes`: (next offset, when) of each commit of messaging."""
    moves = defaultdict(list)
    for row in seen.run.table("messaging", "cursor_moved"):
        if row["topic"] == "contacts.changes":
            moves[row["partition"]].append((row["next_offset"], milliseconds(row["at"])))
    return {partition: sorted(rows) for partition, rows in moves.items()}


def _known_at(change: Change, read: dict[int, list[tuple[int, int]]]) -> float:
    """Milliseconds at which messaging had it."""
    if not read:
        return moment(change.at).timestamp() * 1000 + WITHIN_SECONDS * 1000
    moments = [at for offset, at in read.get(change.partition, ()) if offset > change.offset]
    return min(moments, default=float("inf"))


def _id_of(mail: Row) -> str:
    """The local part of the Message-ID."""
    return str(mail["message_id"]).strip("<>").partition("@")[0]


def _sends(seen: Seen) -> dict[str, Send]:
    """E-mails by send id; other channels leave nothing at the provider."""
    found = {}
    for row in seen.run.table("messaging", "send"):
        launch = seen.launches.get(row["launch_id"])
        step = launch.scenario.get("steps", {}).get(row["step"], {}) if launch else {}
        if step.get("send", {}).get("channel", "email") == "email":
            key = (row["launch_id"], row["contact_id"], row["step"], row["occurrence"])
            found[send_id(*key)] = Send(*key, row["state"])
    return found
