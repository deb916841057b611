"""The mail sink: an honest ledger, and every way in which it can be told to misbehave."""

import json
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from cli.platform.ports import choose


class Sink:
    def __init__(self, port: int, ledger: Path) -> None:
        self.port = port
        self._ledger = ledger

    def misbehave(self, *behaviours: dict[str, Any]) -> None:
        self._ledger.with_suffix(".behaviour.json").write_text(json.dumps(behaviours))

    def ledger(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._ledger.read_text().splitlines()]

    def send(self, to: str = "ann@example.org", subject: str = "Hi", timeout: float = 5) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = "news@acme.example", to, subject, "<1@acme>"
        mail.set_content("first line\n.\n..two dots\n")
        with smtplib.SMTP("127.0.0.1", self.port, timeout=timeout) as client:
            client.send_message(mail)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    port = choose(tmp_path, None, ())
    ledger = tmp_path / "mails.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.platform.sink", "--port", str(port), "--ledger", str(ledger)]
    )
    for _ in range(200):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield Sink(port, ledger)
    process.terminate()
    assert process.wait(10) == 0


def test_an_accepted_mail_is_in_the_ledger(sink: Sink) -> None:
    sink.send(subject="Grüße, Ann")
    [entry] = sink.ledger()
    assert (entry["message_id"], entry["rcpt"], entry["subject"]) == ("<1@acme>", "ann@example.org", "Grüße, Ann")
    assert entry["from"] == "news@acme.example" and entry["at"].endswith("Z") and entry["bytes"] > 100


def test_a_mail_to_several_is_a_line_for_each(sink: Sink) -> None:
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        client.sendmail("a@x.example", ["b@x.example", "c@x.example"], "Message-ID: <2@x>\r\n\r\nhello")
    assert [entry["rcpt"] for entry in sink.ledger()] == ["b@x.example", "c@x.example"]


def test_commands_that_come_at_once_are_answered_in_turn(sink: Sink) -> None:
    commands = b"EHLO me\r\nMAIL FROM:<a@x.example> SIZE=10\r\nRCPT TO:<b@x.example>\r\nNOOP\r\nDATA\r\n"
    with socket.create_connection(("127.0.0.1", sink.port), timeout=5) as connection:
        connection.sendall(commands)
        read = b""
        while b"354" not in read:
            read += connection.recv(4096)
        connection.sendall(b".\r\nMAIL FROM:<a@x.example>\r\nDATA\r\nWHAT\r\nQUIT\r\n")
        while more := connection.recv(4096):
            read += more
    codes = [line[:3] for line in read.decode().splitlines() if line[3:4] == " "]
    assert codes == ["220", "250", "250", "250", "250", "354", "250", "250", "503", "500", "221"]
    assert len(sink.ledger()) == 1


@pytest.mark.parametrize("kind", ["close", "refuse", "busy"])
def test_it_can_refuse_to_talk(sink: Sink, kind: str) -> None:
    sink.misbehave({"kind": kind})
    with pytest.raises(smtplib.SMTPException):
        sink.send()
    assert sink.ledger() == []


@pytest.mark.parametrize(("kind", "code"), [("421", 421), ("4xx", 451), ("5xx", 550)])
def test_it_can_refuse_a_recipient(sink: Sink, kind: str, code: int) -> None:
    sink.misbehave({"kind": kind, "to": "^ann@"})
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        sink.send()
    assert refused.value.recipients["ann@example.org"][0] == code
    sink.send(to="bob@example.org")
    assert [entry["rcpt"] for entry in sink.ledger()] == ["bob@example.org"]


def test_it_can_hang_up_before_the_message(sink: Sink) -> None:
    sink.misbehave({"kind": "hang-up", "to": "^ann@", "times": 1})
    with pytest.raises(smtplib.SMTPServerDisconnected):
        sink.send()
    assert sink.ledger() == []
    sink.send()
    assert len(sink.ledger()) == 1


@pytest.mark.parametrize(("kind", "code"), [("4xx-data", 451), ("5xx-data", 554)])
def test_it_can_refuse_the_content(sink: Sink, kind: str, code: int) -> None:
    sink.misbehave({"kind": kind, "times": 2})
    for _ in range(2):
        with pytest.raises(smtplib.SMTPDataError) as refused:
            sink.send()
        assert refused.value.smtp_code == code
    sink.send()
    assert len(sink.ledger()) == 1


@pytest.mark.parametrize(("kind", "accepted"), [("drop", 1), ("lose", 0), ("late", 1), ("stall", 0)])
def test_it_can_leave_the_sender_without_an_answer(sink: Sink, kind: str, accepted: int) -> None:
    sink.misbehave({"kind": kind, "seconds": 30})
    with pytest.raises((smtplib.SMTPServerDisconnected, TimeoutError)):
        sink.send(timeout=1)
    assert len(sink.ledger()) == accepted


def test_a_late_answer_does_come(sink: Sink) -> None:
    sink.misbehave({"kind": "late", "seconds": 0.3, "times": 1})
    began = time.monotonic()
    sink.send()
    assert time.monotonic() - began > 0.3


def test_it_can_answer_byte_by_byte(sink: Sink) -> None:
    sink.misbehave({"kind": "slow", "seconds": 0.01})
    began = time.monotonic()
    sink.send()
    assert time.monotonic() - began > 0.5
    sink.misbehave()
    sink.send()
    assert len(sink.ledger()) == 2
