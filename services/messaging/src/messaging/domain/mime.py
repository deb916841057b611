"""A mail from a skeleton that is made once per step: `email.message` costs 2 ms a mail, this some 10 µs."""

import re
from binascii import b2a_base64, b2a_qp
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from messaging.domain.reasons import with_detail

_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_PLAIN = re.compile(r"[\t\n\x20-\x7e]*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_LONGEST_LINE = 900
_WORD_BYTES = 42
"""UTF-8 bytes in one encoded word: 56 of base64 and 12 around it stay below the 75 that RFC 2047 allows."""


class Unsendable(Exception):
    """This one message cannot be made; others can. `reason` is what its delivery will say."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


def unrendered(detail: str) -> Unsendable:
    """`detail`: which part, where in it, and what is wrong there; nothing that a contact's data say."""
    return Unsendable(with_detail("render", detail), detail)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What all mails of one step share."""

    sender: str
    """Envelope and From address, plain ASCII."""
    mailbox: str
    """The value of `From`."""
    domain: str

    @classmethod
    def of(cls, name: str, address: str) -> "Skeleton":
        """`address` as `envelope_address` gave it. Raises Unsendable."""
        return cls(address, mailbox(name, address), address.rpartition("@")[2])

    def fill(
        self,
        send_id: str,
        recipient: str,
        subject: str,
        text: str | None,
        html: str | None,
        now: datetime,
        headers: str = "",
    ) -> bytes:
        """The message: CRLF lines, body 7bit or quoted-printable. `headers`: more of them, each with its line end.

        Raises Unsendable.
        """
        try:
            head = (
                f"From: {self.mailbox}\r\n"
                f"To: {recipient}\r\n"
                f"Subject: {header_text(subject, 'subject')}\r\n"
                f"Date: {_date(now.replace(microsecond=0))}\r\n"
                f"Message-ID: <{send_id}@{self.domain}>\r\n"
                f"{headers}"
                "MIME-Version: 1.0\r\n"
            )
            if html is None:
                body = _part("plain", text or "")
            elif text is None:
                body = _part("html", html)
            else:
                edge = f"=_{send_id}"
                body = (
                    f'Content-Type: multipart/alternative; boundary="{edge}"\r\n\r\n'
                    f"--{edge}\r\n{_part('plain', text)}--{edge}\r\n{_part('html', html)}--{edge}--\r\n"
                )
            return (head + body).encode("ascii")
        except UnicodeError as error:
            raise unrendered("half a surrogate pair") from error


def headers_of(token: str, proof: str, unsubscribe_url: str | None) -> str:
    """What a bounce brings back: the reference, and the proof that `To` is ours; and where one click withdraws consent
    (RFC 8058). All plain ASCII."""
    reference = f"X-Slipway-Ref: {token}\r\nX-Slipway-To: {proof}\r\n"
    if unsubscribe_url is None:
        return reference
    return f"List-Unsubscribe: <{unsubscribe_url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n{reference}"


@lru_cache(maxsize=16)
def _date(now: datetime) -> str:
    """Mails that are made together have the same."""
    return format_datetime(now)


def mailbox(name: str, address: str) -> str:
    """`Acme <news@acme.example>`, the name quoted or encoded where it must be. Raises Unsendable."""
    if not name:
        return address
    if _ATOMS.fullmatch(name) and "=?" not in name:
        return f"{name} <{address}>"
    if _PRINTABLE.fullmatch(name) and "=?" not in name:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{address}>'
    return f"{header_text(name, 'sender')}\r\n <{address}>"


def header_text(text: str, part: str) -> str:
    """Unstructured text of a header: as it is, or in encoded words (RFC 2047). Raises Unsendable on line ends:
    `part` of the message is to blame."""
    if _CONTROL.search(text):
        raise unrendered(f"{part}: a line end or another control character in a header")
    if len(text) <= _LONGEST_LINE and _PRINTABLE.fullmatch(text) and "=?" not in text:
        return text
    words, word = [], b""
    for letter in text:
        raw = letter.encode()
        if len(word) + len(raw) > _WORD_BYTES:
            words.append(word)
            word = b""
        word += raw
    words.append(word)
    return "\r\n ".join(f"=?utf-8?b?{b2a_base64(each, newline=False).decode()}?=" for each in words)


def _part(subtype: str, text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _PLAIN.fullmatch(text) and all(len(line) <= _LONGEST_LINE for line in text.split("\n")):
        charset, encoding, body = "us-ascii", "7bit", text
    else:
        charset, encoding = "utf-8", "quoted-printable"
        body = b2a_qp(text.encode(), istext=True).decode().replace("\r\n", "\n")
    if not body.endswith("\n"):
        body += "\n"
    crlf = body.replace("\n", "\r\n")
    return f"Content-Type: text/{subtype}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{crlf}"
