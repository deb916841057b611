"""`slipway dsn`: a returned mail is posted as it came, signed; what it exits with is what a mail server understands."""

import hashlib
import hmac
from base64 import b64encode
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from cli.app import app

KEY = b"0123456789abcdef"
SECRET = f"whsec_{b64encode(KEY).decode()}"
MAIL = b"Subject: Undelivered\r\n\r\n\xff"
TAKEN = {"taken": 1, "unknown": 0, "without_ref": 0}


class Console:
    def __init__(self, status: int = 202, told: object = TAKEN) -> None:
        self.status, self.told = status, told
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.status == 0:
            raise httpx.ConnectError("refused")
        return httpx.Response(self.status, json=self.told)


def piped(monkeypatch: pytest.MonkeyPatch, console: Console, *arguments: str, mail: bytes = MAIL) -> Result:
    def post(url: str, *, content: bytes, headers: dict[str, str], timeout: float, trust_env: bool) -> httpx.Response:
        with httpx.Client(transport=httpx.MockTransport(console), trust_env=trust_env, timeout=timeout) as http:
            return http.post(url, content=content, headers=headers)

    monkeypatch.setattr("cli.commands.dsn.httpx.post", post)
    monkeypatch.setenv("SLIPWAY_HTTP", "http://slipway.test/")
    return CliRunner().invoke(app, ["dsn", *arguments], input=mail)


def test_the_mail_is_posted_as_it_came_and_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console()
    result = piped(monkeypatch, console, "--name", "mx", "--secret", SECRET)
    assert (result.exit_code, "taken: 1" in result.stderr) == (0, True)
    [asked] = console.asked
    assert (str(asked.url), asked.content) == ("http://slipway.test/v1/deliveries/mx", MAIL)
    assert asked.headers["content-type"] == "message/rfc822"
    said = f"{asked.headers['webhook-id']}.{asked.headers['webhook-timestamp']}.".encode() + MAIL
    mac = b64encode(hmac.new(KEY, said, hashlib.sha256).digest()).decode()
    assert asked.headers["webhook-signature"] == f"v1,{mac}"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"taken": 0, "unknown": 1, "without_ref": 0}, "taken: 0; about mails that are not ours: 1\n"),
        (
            {"taken": 0, "unknown": 3, "without_ref": 2},
            "taken: 0; about mails that are not ours: 1\n"
            "without X-Slipway-Ref in what came back, so about nobody knows which: 2\n",
        ),
        ({"taken": 1, "unknown": 0}, "taken: 1; about mails that are not ours: 0\n"),
    ],
)
def test_it_says_what_is_missing_of_a_mail_that_nobody_knows(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, int], said: str
) -> None:
    result = piped(monkeypatch, Console(told=told), "--secret", SECRET)
    assert (result.exit_code, result.stderr) == (0, said)


def test_the_secret_may_lie_in_a_file_and_of_a_long_mail_the_head_goes_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    console = Console()
    assert piped(monkeypatch, console, "--secret-file", str(file), mail=MAIL + b"x" * 10**6).exit_code == 0
    [asked] = console.asked
    assert (asked.url.path, len(asked.content)) == ("/v1/deliveries/dsn", 256 * 1024)


@pytest.mark.parametrize(
    ("status", "told", "code"),
    [
        (422, {"detail": "this mail reports nothing"}, 65),
        (401, {"detail": "this is not signed"}, 75),
        (415, {"detail": "it cannot be read"}, 75),
        (429, {"detail": "too many"}, 75),
        (503, {"detail": "it is away"}, 75),
        (0, {}, 75),
    ],
)
def test_only_a_mail_that_is_no_report_goes_back(
    monkeypatch: pytest.MonkeyPatch, status: int, told: dict[str, str], code: int
) -> None:
    result = piped(monkeypatch, Console(status, told), "--secret", SECRET)
    assert (result.exit_code, told.get("detail", "does not answer") in result.stderr) == (code, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "there is no secret: give --secret-file"),
        (("--secret", "whsec_"), "secret cannot be used"),
        (("--secret-file", "/nowhere/at/all"), "secret cannot be used"),
    ],
)
def test_without_a_secret_the_mail_server_keeps_it(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], told: str
) -> None:
    console = Console()
    result = piped(monkeypatch, console, *arguments)
    assert (result.exit_code, console.asked, told in result.stderr) == (75, [], True)


def test_without_a_platform_the_mail_server_keeps_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {"SLIPWAY_HOME": str(tmp_path), "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SLIPWAY_HTTP", raising=False)
    assert CliRunner().invoke(app, ["dsn", "--secret", SECRET], input=MAIL).exit_code == 75
