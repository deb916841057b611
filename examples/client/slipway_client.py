"""A typed client of Slipway's HTTP API, with httpx alone: one file to copy.

    with Slipway("http://127.0.0.1:8080", "key_id.secret") as slipway:
        asked = slipway.launch("welcome", Everybody(), idempotency_key="order-4711")

Shapes are those of `/openapi.json`; what an answer has more is left out. A refusal is raised as `Refused`, which says
what is wrong and what to do; where no answer came, `Unanswered`. What makes something takes an idempotency key: the
same key again is the same thing.
"""

import json
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints
from urllib.parse import quote

import httpx

T = TypeVar("T")
Json = Mapping[str, Any]
_TOKEN = re.compile(r"[\x21-\x2d\x2f-\x7e]+\.[\x21-\x7e]+")


class Refused(Exception):
    """`code` is for programs; `remedy` says what to do; `retry_after` in how many seconds it may work as it is."""

    def __init__(self, status: int, document: Json, retry_after: float | None) -> None:
        self.status, self.retry_after = status, retry_after
        self.code = str(document.get("code", "unknown"))
        self.detail, self.remedy = str(document.get("detail", "")), str(document.get("remedy", ""))
        super().__init__(f"{self.code}: {self.detail} ({self.remedy})")


class Unanswered(Exception):
    """No answer came, or it broke off: whether it was done, nobody here knows. Asking again with the same idempotency
    key does it once."""


@dataclass(frozen=True)
class Everybody:
    kind: Literal["all"] = "all"


@dataclass(frozen=True)
class Groups:
    groups: tuple[str, ...]
    kind: Literal["groups"] = "groups"


@dataclass(frozen=True)
class Contacts:
    contacts: tuple[str, ...]
    kind: Literal["contacts"] = "contacts"


@dataclass(frozen=True)
class Segment:
    """A condition in CEL over `contact`."""

    where: str
    kind: Literal["segment"] = "segment"


@dataclass(frozen=True)
class Results:
    """Targets of a launch that has ended: by exactly one of outcome, reason, and `unknown` delivery."""

    launch_id: str
    outcome: str | None = None
    reason: str | None = None
    delivery: str | None = None
    kind: Literal["results"] = "results"


Participants = Everybody | Groups | Contacts | Segment | Results


@dataclass(frozen=True)
class Point:
    code: str
    severity: str
    place: str
    remedy: str


@dataclass(frozen=True)
class Asked:
    """`state` is `rejected` if a point blocks, `validating` while the selection is checked."""

    launch_id: str
    state: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Count:
    """Without a point that blocks: `targeted` is `starting` and all of `excluded`."""

    token: str | None
    targeted: int | None
    starting: int | None
    excluded: dict[str, int] | None
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Tested:
    launch_id: str
    to: str
    state: str


@dataclass(frozen=True)
class Launch:
    launch_id: str
    scenario: str
    state: str
    requested_by: str
    points: tuple[Point, ...]
    drafted_at: str
    ended_at: str | None


@dataclass(frozen=True)
class Progress:
    """Always targeted = success + failure + abandon + other + in_progress."""

    launch_id: str
    state: str
    revision: int
    targeted: int
    started: int
    not_started: int
    in_progress: int
    success: int
    failure: int
    abandon: int
    other: int
    by_reason: dict[str, int]
    deliveries: dict[str, int]


@dataclass(frozen=True)
class Outcome:
    contact_id: str
    outcome: str
    reason: str
    ended_at: str


@dataclass(frozen=True)
class Turned:
    launch_id: str
    state: str
    changed: bool


@dataclass(frozen=True)
class Stopped:
    launch_id: str
    state: str


@dataclass(frozen=True)
class Scenario:
    key: str


@dataclass(frozen=True)
class Happened:
    at: str
    what: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class Rejected:
    line: int
    reason: str


@dataclass(frozen=True)
class Imported:
    imported: int
    rejected: tuple[Rejected, ...]


class Slipway:
    """Of one project: the key's, or for an administrator the one named."""

    def __init__(
        self, address: str, token: str, *, project: str | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        """Raises ValueError where that is no address, or no token."""
        headers = {"Authorization": f"Bearer {token}"} | ({"Slipway-Project": project} if project else {})
        if not _TOKEN.fullmatch(token):
            raise ValueError(
                "the token is no KEY_ID.SECRET: it is empty, has no dot, or has spaces or other characters"
            )
        if not _is_address(address):
            raise ValueError(f"{address} is no address: write http://HOST:PORT")
        self._http = httpx.Client(base_url=address, headers=headers, timeout=60, transport=transport, trust_env=False)

    def __enter__(self) -> "Slipway":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    # contacts

    def import_contacts(self, contacts: Iterable[Json]) -> Imported:
        """At most 2,000 at once. The same again changes nothing more."""
        lines = "".join(json.dumps(contact) + "\n" for contact in contacts)
        headers = {"Content-Type": "application/x-ndjson"}
        return read(Imported, self._asked("POST", "/v1/contacts", content=lines, headers=headers).json())

    def delete_contact(self, contact_id: str) -> None:
        self._asked("DELETE", _path("/v1/contacts/{}", contact_id))

    # launches

    def launch(
        self, scenario: str, participants: Participants, *, idempotency_key: str, context: Json | None = None
    ) -> Asked:
        body = {"scenario": scenario, "participants": asdict(participants), "context": dict(context or {})}
        return self._made(Asked, "/v1/launches", body, idempotency_key)

    def start(self, scenario: str, contact_id: str, *, idempotency_key: str) -> Asked:
        """For this contact alone: it is validated and runs, without count, confirmation or approval."""
        path = _path("/v1/contacts/{}/instances", contact_id)
        return self._made(Asked, path, {"scenario": scenario}, idempotency_key)

    def relaunch(self, launch_id: str, participants: Participants, *, idempotency_key: str) -> Asked:
        """The same scenario again, for others."""
        path = _path("/v1/launches/{}/relaunch", launch_id)
        return self._made(Asked, path, {"participants": asdict(participants)}, idempotency_key)

    def count(self, scenario: str, participants: Participants, *, context: Json | None = None) -> Count:
        """Of this moment, exact; `token` is what `confirm` takes."""
        body = {"scenario": scenario, "participants": asdict(participants), "context": dict(context or {})}
        return read(Count, self._posted("/v1/counts", body))

    def test(
        self, scenario: str, to: Iterable[str], *, idempotency_key: str, context: Json | None = None
    ) -> tuple[Tested, ...]:
        """The scenario's mails to these addresses, without its waits; nothing is counted or changed."""
        body = {"scenario": scenario, "to": list(to), "context": dict(context or {})}
        headers = {"Idempotency-Key": idempotency_key}
        answer = self._asked("POST", "/v1/tests", json=body, headers=headers).json()
        return tuple(read(Tested, item) for item in answer["items"])

    def rehearse(
        self, scenario: str, participants: Participants, *, idempotency_key: str, context: Json | None = None
    ) -> Asked:
        """The whole launch, without its waits and without sending anything."""
        body = {"scenario": scenario, "participants": asdict(participants), "context": dict(context or {})}
        return self._made(Asked, "/v1/rehearsals", body, idempotency_key)

    def retry(self, launch_id: str, which: Json, *, idempotency_key: str) -> Asked:
        """The same scenario for exactly these targets of a launch that has ended: `{"outcome": "failure"}`,
        `{"reason": "error:send"}` or `{"delivery": "unknown"}`."""
        return self._made(Asked, _path("/v1/launches/{}/retry", launch_id), which, idempotency_key)

    def validate(self, launch_id: str) -> Asked:
        """Looks again at what was wrong with a draft."""
        return read(Asked, self._posted(_path("/v1/launches/{}/validate", launch_id)))

    def confirm(self, launch_id: str, count_token: str) -> Launch:
        """`count_token` of the count that somebody has seen."""
        self._posted(_path("/v1/launches/{}/confirm", launch_id), {"count_token": count_token})
        return self.shown(launch_id)

    def approve(self, launch_id: str) -> Launch:
        self._posted(_path("/v1/launches/{}/approve", launch_id))
        return self.shown(launch_id)

    def decline(self, launch_id: str, reason: str) -> Launch:
        self._posted(_path("/v1/launches/{}/decline", launch_id), {"reason": reason})
        return self.shown(launch_id)

    def pause(self, launch_id: str) -> Turned:
        return read(Turned, self._posted(_path("/v1/launches/{}/pause", launch_id)))

    def resume(self, launch_id: str) -> Turned:
        return read(Turned, self._posted(_path("/v1/launches/{}/resume", launch_id)))

    def stop(self, launch_id: str) -> Stopped:
        """What is done stays done; the rest is cancelled. Again is harmless."""
        return read(Stopped, self._posted(_path("/v1/launches/{}/stop", launch_id)))

    def remove(self, launch_id: str, contact_id: str) -> None:
        """This contact alone."""
        self._posted(_path("/v1/launches/{}/remove", launch_id), {"contact_id": contact_id})

    # what became of them

    def shown(self, launch_id: str) -> Launch:
        return read(Launch, self._asked("GET", _path("/v1/launches/{}", launch_id)).json())

    def launches(self, *, state: str | None = None) -> Iterator[Launch]:
        """Newest first."""
        return self._pages(Launch, "/v1/launches", {"state": state})

    def progress(self, launch_id: str) -> Progress:
        return read(Progress, self._asked("GET", _path("/v1/launches/{}/progress", launch_id)).json())

    def watch(self, launch_id: str) -> Iterator[Progress]:
        """Whenever the figures change, until the launch has ended. Raises Unanswered if that breaks off before."""
        path = _path("/v1/launches/{}/events", launch_id)
        try:
            with self._http.stream("GET", path, timeout=httpx.Timeout(60, read=45)) as answer:
                _checked(answer)
                for line in answer.iter_lines():
                    if line.startswith("data: "):
                        progress = read(Progress, json.loads(line.removeprefix("data: ")))
                        yield progress
                        if progress.state in ("completed", "stopped", "failed"):
                            return
        except httpx.TransportError as error:
            raise Unanswered(f"{self._http.base_url} broke off ({type(error).__name__})") from error
        raise Unanswered(f"{self._http.base_url} broke off before launch {launch_id} had ended")

    def outcomes(self, launch_id: str, *, outcome: str | None = None, reason: str | None = None) -> Iterator[Outcome]:
        """The targets that have ended, by contact id."""
        wanted = {"outcome": outcome, "reason": reason}
        return self._pages(Outcome, _path("/v1/launches/{}/outcomes", launch_id), wanted)

    def timeline(self, contact_id: str, launch_id: str) -> tuple[Happened, ...]:
        """Why this contact did, or did not, get a message of this launch."""
        path = _path("/v1/contacts/{}/timeline", contact_id)
        answer = self._asked("GET", path, params={"launch": launch_id}).json()
        return tuple(read(Happened, item) for item in answer["items"])

    def scenarios(self) -> Iterator[Scenario]:
        return self._pages(Scenario, "/v1/scenarios", {})

    def _made(self, kind: type[T], path: str, body: Json, idempotency_key: str) -> T:
        headers = {"Idempotency-Key": idempotency_key}
        return read(kind, self._asked("POST", path, json=body, headers=headers).json())

    def _posted(self, path: str, body: Json | None = None) -> Any:
        return self._asked("POST", path, **({} if body is None else {"json": body})).json()

    def _pages(self, kind: type[T], path: str, wanted: Mapping[str, str | None]) -> Iterator[T]:
        cursor: str | None = None
        while True:
            given = {name: value for name, value in {**wanted, "cursor": cursor}.items() if value is not None}
            page = self._asked("GET", path, params=given).json()
            yield from (read(kind, item) for item in page["items"])
            if (cursor := page["next"]) is None:
                return

    def _asked(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            return _checked(self._http.request(method, path, **request))
        except httpx.TransportError as error:
            raise Unanswered(f"{self._http.base_url} does not answer ({type(error).__name__})") from error


def read(kind: type[T], document: Any) -> T:
    """The document as that class; lists become tuples. Raises KeyError for a field that is not there."""
    hints = get_type_hints(kind)
    assert is_dataclass(kind)
    return kind(**{each.name: _value(hints[each.name], document[each.name]) for each in fields(kind)})


def _value(hint: Any, value: Any) -> Any:
    if is_dataclass(hint):
        return read(hint, value)  # type: ignore[arg-type]
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], each) for each in value)
    if get_origin(hint) in (Union, types.UnionType) and value is not None:
        return _value(get_args(hint)[0], value)
    return value


def _path(template: str, *ids: str) -> str:
    """Whatever is in an id stays in its segment."""
    return template.format(*(quote(each, safe="") for each in ids))


def _checked(answer: httpx.Response) -> httpx.Response:
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if answer.is_success and (answer.status_code == 204 or kind in ("application/json", "text/event-stream")):
        return answer
    answer.read()
    retry_after = answer.headers.get("retry-after")
    document = answer.json() if kind == "application/problem+json" else _not_slipway(answer)
    raise Refused(answer.status_code, document, float(retry_after) if retry_after else None)


def _is_address(text: str) -> bool:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return False
    return url.scheme in ("http", "https") and bool(url.host) and (url.port is None or 0 < url.port < 65536)


def _not_slipway(answer: httpx.Response) -> Json:
    detail = f"{answer.url} answers {answer.status_code}, and not as Slipway does: {answer.text[:200]!r}"
    return {"code": "not_slipway", "detail": detail, "remedy": "is that its address?"}
