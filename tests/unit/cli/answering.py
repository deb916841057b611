"""Runs commands of the CLI against a server that answers as told."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from cli.app import app

Answers = dict[str, tuple[int, Any]]


@dataclass
class Slipway:
    """`answers`: status and document by `VERB path?query`; the rest is 404. `seen`: what was asked."""

    answers: Answers = field(default_factory=dict)
    seen: list[httpx.Request] = field(default_factory=list)

    def __call__(self, *arguments: str, keyboard: str | None = None) -> Result:
        return CliRunner().invoke(app, arguments, input=keyboard)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        unknown = {"code": "not_found", "detail": "there is no such thing", "remedy": "look"}
        asked = f"{request.method} {request.url.raw_path.decode()}"
        status, document = self.answers.get(asked, (404, unknown))
        return httpx.Response(status, json=document)


def slipway(monkeypatch: pytest.MonkeyPatch, answers: Answers) -> Slipway:
    told = Slipway(answers)
    monkeypatch.setattr(
        "cli.connection.httpx.Client", partial(httpx.Client, transport=httpx.MockTransport(told.answer))
    )
    for name, value in {"HTTP": "http://slipway.test", "TOKEN": "id.secret", "PROJECT": "acme"}.items():
        monkeypatch.setenv(f"SLIPWAY_{name}", value)
    return told
