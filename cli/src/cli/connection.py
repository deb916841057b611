"""Where Slipway is and who is asking: from options, the environment, a login, or the local platform's home."""

import os
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import httpx
import orjson
import typer

from cli.output import Exit, fail, told
from cli.platform.home import Home
from cli.requests import as_commands
from cli.typed import as_typed

LOGIN = Path("~/.config/slipway/login.json")
PATIENCE = 60.0
RESTARTING = (502, 503, 504)
WHICH_PROJECT = ("which project?", "Say --project KEY or set SLIPWAY_PROJECT.")


@dataclass(frozen=True)
class Connection:
    """What a user's command needs to reach the platform. Built once in the entry point and passed in the context."""

    project: str | None
    as_user: str | None
    home: Home
    context: typer.Context | None = None
    """Of the command that asks."""

    @property
    def http(self) -> str:
        """Public address, without `/v1`."""
        address = os.environ.get("SLIPWAY_HTTP") or self._login().get("http") or self._state().get("http")
        return str(address or self._nowhere("its address")).rstrip("/")

    @property
    def kafka(self) -> str:
        return str(os.environ.get("SLIPWAY_KAFKA") or self._state().get("kafka") or self._nowhere("Kafka's address"))

    @property
    def token(self) -> str:
        """`<id>.<secret>`."""
        token = os.environ.get("SLIPWAY_TOKEN") or self._login().get("token")
        if not token:
            with suppress(OSError):
                token = self.home.admin_token.read_text().strip()
        return token or fail(
            Exit.USAGE, "nobody is logged in", "Set SLIPWAY_TOKEN=<id>.<secret>, or run `slipway login`."
        )

    def need_project(self) -> str:
        return self.project or fail(Exit.USAGE, *WHICH_PROJECT)

    def _state(self) -> dict[str, Any]:
        return _read_json(self.home.state)

    def _login(self) -> dict[str, Any]:
        return _read_json(LOGIN.expanduser())

    def _nowhere(self, what: str) -> str:
        fail(
            Exit.UNREACHABLE,
            f"no platform was started in {self.home.root}, so {what} is unknown",
            f"That folder is meant because {self.home.why}. `slipway up` starts one there; `slipway login`, or "
            "SLIPWAY_HTTP and SLIPWAY_KAFKA, name one elsewhere.",
        )

    @contextmanager
    def client(self, timeout: float = 30.0) -> Iterator["Client"]:
        address = self.http
        headers = {"Authorization": f"Bearer {self.token}"}
        if self.project:
            headers["Slipway-Project"] = self.project
        if self.as_user:
            headers["Slipway-As"] = self.as_user
        with httpx.Client(base_url=address, headers=headers, timeout=timeout, trust_env=False) as http:
            yield Client(http, self.context)


class Interrupted(Exception):
    """An answer that was to go on for ever broke off: its services may be restarting."""


class Client:
    """HTTP with the answers of interest: a document, or the problem told to the person and an exit code."""

    def __init__(self, http: httpx.Client, context: typer.Context | None = None) -> None:
        self._http = http
        self._context = context
        self.silent = set[str]()

    def get(self, path: str, **params: Any) -> Any:
        return self._call("GET", path, params={name: value for name, value in params.items() if value is not None})

    def get_if_allowed(self, path: str) -> Any:
        """As `get`; None where that is not the caller's to see, or is not there."""
        try:
            response = self._http.get(path)
        except httpx.TransportError as error:
            self._unreachable(error)
        return None if response.status_code in (403, 404) else self._answer(response)

    def get_patiently(self, path: str) -> Any:
        """As `get`, but waits up to PATIENCE seconds for services that are just being restarted."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with suppress(httpx.TransportError):
                response = self._http.get(path)
                if response.status_code not in RESTARTING:
                    return self._answer(response)
            time.sleep(0.5)
        return self.get(path)

    def post(self, path: str, body: Any = None, *, headers: dict[str, str] | None = None) -> Any:
        return self._call("POST", path, json=body if body is not None else {}, headers=headers)

    def post_if_free(self, path: str, body: Any) -> Any:
        """As `post`; None where whoever answers has too much to do, or is not there for now."""
        try:
            response = self._http.post(path, json=body)
        except httpx.TransportError as error:
            self._unreachable(error)
        return None if response.status_code in RESTARTING else self._answer(response)

    def delete(self, path: str, *, headers: dict[str, str] | None = None, **params: Any) -> Any:
        return self._call("DELETE", path, headers=headers, params=params)

    def upload(self, path: str, content: bytes, content_type: str, **params: Any) -> Any:
        return self._call("POST", path, content=content, headers={"Content-Type": content_type}, params=params)

    def pages(self, path: str, **params: Any) -> Iterator[Any]:
        """Every item of a paged list. Who did not answer, of a list that is several services', is in `silent` then."""
        cursor = None
        while True:
            page = self.get(path, cursor=cursor, **params)
            yield from page["items"]
            self.silent.update(page.get("unavailable", ()))
            cursor = page.get("next")
            if not cursor:
                return

    @contextmanager
    def stream(self, path: str, **options: Any) -> Iterator[httpx.Response]:
        try:
            with self._http.stream("GET", path, **options) as response:
                if response.is_error:
                    response.read()
                    self._refused(response)
                yield response
        except httpx.TransportError as error:
            self._unreachable(error)

    def lines(self, path: str, headers: dict[str, str]) -> Iterator[str]:
        """Lines of an answer that goes on for ever. Raises Interrupted when it breaks off, or is not there for now."""
        try:
            with self._http.stream("GET", path, headers=headers) as response:
                if response.status_code in RESTARTING:
                    raise Interrupted
                if response.is_error:
                    response.read()
                    self._refused(response)
                yield from response.iter_lines()
        except httpx.TransportError as error:
            raise Interrupted from error
        raise Interrupted

    def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            response = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            self._unreachable(error)
        return self._answer(response)

    def _answer(self, response: httpx.Response) -> Any:
        if response.is_error:
            self._refused(response)
        return orjson.loads(response.content) if response.content else None

    def _unreachable(self, error: httpx.TransportError) -> None:
        fail(
            Exit.UNREACHABLE,
            f"{self._http.base_url} does not answer ({type(error).__name__})",
            "Is it running? `slipway status` tells; `slipway up` starts a local one.",
        )

    def _refused(self, response: httpx.Response) -> None:
        problem = _problem(response)
        if problem.get("code") == "project_missing":
            fail(Exit.USAGE, *WHICH_PROJECT)
        if errors := problem.get("errors"):
            wrong = [
                ": ".join(filter(None, (as_typed(error["place"], self._context), error["message"]))) for error in errors
            ]
            fail(Exit.USAGE, "; ".join(wrong), "`slipway COMMAND --help` says what is meant.")
        what = problem.get("detail") or problem.get("title") or f"HTTP {response.status_code}"
        points = problem.get("points", [])
        if len(points) == 1 and points[0]["remedy"] == what:
            what = f"{points[0]['code']} at {points[0]['place']}: {what}"
            points = []
        lines = [as_commands(str(what)), *told(points)]
        fail(_exit(response.status_code), "\n".join(lines), as_commands(problem.get("remedy") or ""))


def at(*names: str) -> str:
    """A path of the API: `at("contacts", contact_id, "instances")`. An id may hold anything, slashes too."""
    for name in names:
        if name in ("", ".", "..") or any(unicodedata.category(character) == "Cc" for character in name):
            fail(Exit.USAGE, f"{name!r} is no id that can be asked for")
    return "/v1/" + "/".join(quote(name, safe="", errors="surrogateescape") for name in names)


def connection(context: typer.Context) -> Connection:
    """The one of this invocation."""
    return replace(cast(Connection, context.find_root().obj), context=context)


def _exit(status: int) -> Exit:
    if status < 500:
        return Exit.NO
    return Exit.UNREACHABLE if status == 503 else Exit.INTERNAL


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return cast(dict[str, Any], orjson.loads(path.read_bytes()))
    except (OSError, orjson.JSONDecodeError):
        return {}
