"""Mails that any reader understands, and nothing in them that SMTP or a header could misread."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.domain.mime import Skeleton, Unsendable, header_text
from unit.messaging.builders import NOON

SEND_ID = "0123456789abcdef0123456789abcdef"
SKELETON = Skeleton.of("Acme", "news@acme.example")


def read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def mail(subject: str = "Hi", text: str | None = "Hello", html: str | None = None, name: str = "Acme") -> EmailMessage:
    return read(Skeleton.of(name, "news@acme.example").fill(SEND_ID, "a@x.example", subject, text, html, NOON))


def test_the_headers_say_who_to_whom_when_and_which_send() -> None:
    message = mail()
    assert message["From"] == "Acme <news@acme.example>"
    assert message["To"] == "a@x.example"
    assert message["Subject"] == "Hi"
    assert message["Date"] == "Fri, 20 Nov 2026 12:00:00 +0000"
    assert message["Message-ID"] == f"<{SEND_ID}@acme.example>"
    assert message["MIME-Version"] == "1.0"


def test_text_alone_is_plain_text() -> None:
    message = mail(text="Hello\nworld")
    assert message.get_content_type() == "text/plain"
    assert message.get_content() == "Hello\r\nworld\r\n"


def test_with_html_both_are_alternatives_and_the_text_comes_first() -> None:
    message = mail(text="Hällo", html="<p>Hällo</p>")
    assert message.get_content_type() == "multipart/alternative"
    parts = [(part.get_content_type(), part.get_content().strip()) for part in message.iter_parts()]
    assert parts == [("text/plain", "Hällo"), ("text/html", "<p>Hällo</p>")]


def test_html_alone_is_html() -> None:
    assert mail(text=None, html="<p>Hi</p>").get_content_type() == "text/html"


@pytest.mark.parametrize(
    "name", ["Acme", "Größe & Söhne", 'Ann "the" Boss', "Acme, Inc.", "", "ö" * 20, "=?utf-8?q?x?="]
)
def test_a_senders_name_survives(name: str) -> None:
    address = mail(name=name)["From"].addresses[0]
    assert (address.display_name, address.addr_spec) == (name, "news@acme.example")


@pytest.mark.parametrize("subject", ["", "Hi", "Für Dich 🎁", "ö" * 500, "a" * 998, "=?utf-8?q?not_a_word?="])
def test_a_subject_survives(subject: str) -> None:
    assert mail(subject=subject)["Subject"] == subject


@pytest.mark.parametrize("ending", ["\r", "\n", "\r\n", "\x00", "\x0b", "\x7f", "\x85", "\u2028"])
def test_a_line_end_in_a_header_makes_it_unsendable(ending: str) -> None:
    with pytest.raises(Unsendable) as caught:
        mail(subject=f"Hi{ending}Bcc: all@x.example")
    assert caught.value.reason == "render: subject: a line end or another control character in a header"
    with pytest.raises(Unsendable):
        Skeleton.of(f"Acme{ending}Bcc: all@x.example", "news@acme.example")


def test_half_a_surrogate_pair_makes_it_unsendable() -> None:
    for parts in ({"subject": "\ud800"}, {"text": "\ud800"}, {"html": "\udfff"}):
        with pytest.raises(Unsendable) as caught:
            mail(**parts)
        assert caught.value.reason == "render: half a surrogate pair"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_any_text_arrives_and_leaves_no_bare_line_end(text: str) -> None:
    raw = SKELETON.fill(SEND_ID, "a@x.example", "Hi", text, f"<p>{text}</p>", NOON)
    assert raw.endswith(b"\r\n")
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", raw) is None
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    wanted = text.replace("\r\n", "\n").replace("\r", "\n")
    plain, html = read(raw).iter_parts()
    assert [lines(plain.get_content()), lines(html.get_content())] == [lines(wanted), lines(f"<p>{wanted}</p>")]


def lines(text: str) -> str:
    """A part ends its last line, and its lines end in CRLF."""
    return text.replace("\r\n", "\n").removesuffix("\n")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029"), max_size=300))
def test_any_subject_is_folded_into_short_ascii_lines(subject: str) -> None:
    folded = header_text(subject, "subject")
    assert folded.isascii()
    assert all(line == folded or len(line) <= 76 for line in folded.split("\r\n "))
