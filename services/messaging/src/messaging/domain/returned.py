"""Mails about mails: what became of one (RFC 3464), and complaints (RFC 5965). Anybody can write such a mail.

So nothing in it is believed but the reference of the mail that came back, which only we can make, and the address that
this mail went to, if the proof of it came back too. Other addresses in it are not read.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from email.utils import parseaddr
from typing import Final

from messaging.domain.links import LONGEST
from messaging.domain.webhooks import Happened, Told

MOST_BYTES: Final = 256 * 1024
"""What stands behind them is not read: of the mail that came back, its head matters."""
_MOST_EDGES: Final = 20
"""Parts in parts in parts cost time for each line."""
_MOST_RECIPIENTS: Final = 100
_REFERENCE: Final = "X-Slipway-Ref"
_PROOF: Final = "X-Slipway-To"
_STATUS: Final = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_REPLY: Final = re.compile(r"\b([245])\d\d\b")
_COMPLAINTS: Final = frozenset({"abuse", "fraud"})
_DELIVERY: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED: Final = frozenset({"message/rfc822", "message/global"})
_READ: Final = "message/disposition-notification"
_UNREADABLE: Final = (ValueError, TypeError, LookupError, AttributeError)
"""What the parser raises of parameters that contradict themselves (`boundary*=x; boundary*0=y`), or that have a
character set that is none."""
_HEADERS: Final = frozenset({"text/rfc822-headers", "message/global-headers"})


Proven = Callable[[str, str, str], bool]
"""Whether the mail of a reference went to an address, by the proof of it."""


@dataclass(frozen=True, slots=True)
class _Ours:
    """What is known of the mail that came back."""

    ref: str = ""
    recipient: str | None = None
    """Where it went; None: not proven."""

    def told(self, event: Happened, detail: str | None = None, *, hard: bool = True) -> Told:
        return Told(ref=self.ref, recipient=self.recipient, event=event, detail=detail, hard=hard)


class NoReport(ValueError):
    """It says nothing about a mail, or cannot be read. The text says what is missing."""


def read_mail(raw: bytes, proven: Proven) -> list[Told]:
    """What the mail says of each recipient; of one that says that a mail was read: nothing. Without a reference that
    came back, `ref` is empty: nobody's. `recipient` is where our mail went, if that is proven.

    Raises NoReport.
    """
    head = raw[:MOST_BYTES]
    if head.lower().count(b"boundary") > _MOST_EDGES:
        raise NoReport("it has too many parts within parts")
    try:
        report = _report(message_from_bytes(head))
        if report is None:
            raise NoReport("it is no multipart/report: only delivery reports and complaints are taken here")
        parts = list(_within(report))
        ours = _ours(parts, proven)
        told = [*_complaints(parts, ours), *_recipients(parts, ours)]
    except RecursionError:
        raise NoReport("it has too many parts within parts") from None
    except NoReport:
        raise
    except _UNREADABLE:
        raise NoReport("its headers cannot be read") from None
    if not told and _READ not in [part.get_content_type() for part in parts]:
        raise NoReport("it has neither message/delivery-status with a recipient nor message/feedback-report")
    return told[:_MOST_RECIPIENTS]


def _report(mail: Message) -> Message | None:
    """The first multipart/report that is not in a mail that was returned."""
    if mail.get_content_type() == "multipart/report":
        return mail
    if mail.get_content_maintype() != "multipart":
        return None
    return next((found for part in _within(mail) if (found := _report(part)) is not None), None)


def _within(part: Message) -> list[Message]:
    payload = part.get_payload() if part.is_multipart() else []  # a text would be decoded
    return [each for each in payload if isinstance(each, Message)]


def _ours(parts: list[Message], proven: Proven) -> _Ours:
    """The mail that came back, whole or as its headers alone."""
    for part in parts:
        kind = part.get_content_type()
        if kind in _RETURNED:
            heads = _within(part)
        elif kind in _HEADERS:
            heads = _within(part) or [message_from_string(_text(part).lstrip())]
        else:
            continue
        for head in heads:
            if (found := _field(head, _REFERENCE)) is not None:
                ref = _unfolded(found)
                to = parseaddr(_field(head, "To") or "")[1]
                return _Ours(ref, to if proven(ref, to, _unfolded(_field(head, _PROOF) or "")) else None)
    return _Ours()


def _unfolded(value: str) -> str:
    return re.sub(r"\s+", "", value)[:LONGEST]


def _complaints(parts: list[Message], ours: _Ours) -> Iterator[Told]:
    for part in parts:
        if part.get_content_type() == "message/feedback-report":
            for fields in _within(part):
                kind = _word(_field(fields, "Feedback-Type"))
                if kind in _COMPLAINTS:
                    yield ours.told(Happened.COMPLAINED, kind)
                else:
                    yield _nothing(ours)


def _recipients(parts: list[Message], ours: _Ours) -> Iterator[Told]:
    """One for each recipient that message/delivery-status names."""
    for part in parts:
        if part.get_content_type() not in _DELIVERY:
            continue
        for fields in _groups(part):
            action = _word(_field(fields, "Action"))
            if not action:
                continue  # the first group is about the mail as a whole
            status = _status(fields)
            if action == "delivered":
                yield ours.told(Happened.DELIVERED, status)
            elif action == "failed" and for_good(status):
                yield ours.told(Happened.BOUNCED, status)
            else:
                yield _nothing(ours)


def _nothing(ours: _Ours) -> Told:
    """What changes nothing: it is late, or was put off, or was passed on."""
    return ours.told(Happened.BOUNCED, hard=False)


def for_good(status: str) -> bool:
    """Whether this enhanced status (RFC 3463) says that the address will not take mails, today or later.

    A full mailbox (5.2.2) may have room again, and what a policy refuses (5.7.x) speaks of us, not of the address.
    """
    return status.startswith("5.") and status != "5.2.2" and not status.startswith("5.7.")


def _groups(part: Message) -> Iterator[Message]:
    """Groups of fields between blank lines. The parser makes messages of them, or one that has the rest as its text."""
    for group in _within(part):
        yield group
        rest = group.get_payload()
        if isinstance(rest, str) and rest.strip():
            for text in re.split(r"(?:\r?\n){2,}", rest.strip()):
                yield message_from_string(text)


def _status(fields: Message) -> str:
    """`5.1.1`; where there is none, what the other server said; empty: nothing is known."""
    said = _field(fields, "Status") or ""
    diagnosis = _field(fields, "Diagnostic-Code") or ""
    if (found := _STATUS.search(said) or _STATUS.search(diagnosis)) is not None:
        return ".".join(found.groups())
    return f"{reply[1]}.0.0" if (reply := _REPLY.search(diagnosis)) is not None else ""


def _field(fields: Message, name: str) -> str | None:
    value = fields.get(name)
    return None if value is None else str(value)


def _word(value: str | None) -> str:
    """The first word in small letters, without what brackets add."""
    return (value or "").partition("(")[0].strip().lower()


def _text(part: Message) -> str:
    raw = part.get_payload(decode=True)
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
