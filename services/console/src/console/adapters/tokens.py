"""Short tokens for the callers: launcher mints them, they are kept until shortly before they expire."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import aiohttp
import orjson

from console.adapters.services import Services
from runtime.problems import Problem

EARLY_SECONDS = 30.0
KEPT = 10_000
EXCHANGE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a caller said of themselves."""

    authorization: str
    project: str | None
    on_behalf_of: str | None
    """`Slipway-As`: a user whom the local administrator stands in for."""

    @property
    def digest(self) -> bytes:
        """Secrets are not kept, not even in memory."""
        parts = (self.authorization, self.project or "", self.on_behalf_of or "")
        return hashlib.sha256("\x00".join(parts).encode()).digest()

    @property
    def headers(self) -> dict[str, str]:
        named = {"Slipway-Project": self.project, "Slipway-As": self.on_behalf_of}
        return {"Authorization": self.authorization, **{name: value for name, value in named.items() if value}}


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    until: float


class Tokens:
    def __init__(self, services: Services, clock: Callable[[], float]) -> None:
        """`clock`: seconds that only rise."""
        self._services = services
        self._clock = clock
        self._kept: OrderedDict[bytes, _Token] = OrderedDict()
        self._asked: dict[bytes, asyncio.Task[_Token]] = {}
        self._forgotten = 0

    async def of(self, credentials: Credentials) -> str:
        """A token good for at least EARLY_SECONDS. Raises Problem with launcher's refusal."""
        digest = credentials.digest
        kept = self._kept.get(digest)
        if kept is not None and kept.until > self._clock():
            self._kept.move_to_end(digest)
            return kept.text
        asked = self._asked.get(digest)
        if asked is None:
            asked = asyncio.create_task(self._exchanged(credentials))
            self._asked[digest] = asked
            asked.add_done_callback(partial(self._answered, digest, self._forgotten))
        return (await asyncio.shield(asked)).text

    def forget(self) -> None:
        """Somebody may do something else from now on, or nothing: everybody's token is asked for anew."""
        self._kept.clear()
        self._forgotten += 1

    def _answered(self, digest: bytes, forgotten: int, asked: "asyncio.Task[_Token]") -> None:
        del self._asked[digest]
        if not asked.cancelled() and asked.exception() is None and forgotten == self._forgotten:
            self._keep(digest, asked.result())

    def _keep(self, digest: bytes, token: _Token) -> None:
        self._kept[digest] = token
        self._kept.move_to_end(digest)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    async def _exchanged(self, credentials: Credentials) -> _Token:
        try:
            async with asyncio.timeout(EXCHANGE_SECONDS):
                answer = await self._services.send("launcher", "POST", "/internal/tokens", headers=credentials.headers)
                async with answer:
                    body = await answer.read()
        except (TimeoutError, aiohttp.ClientError):
            raise _in_trouble() from None
        if answer.status >= 500:
            raise _in_trouble()
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise _in_trouble() from None
        if answer.status != 200:
            raise _refusal(answer.status, document)
        return _Token(document["token"], self._clock() + document["expires_in"] - EARLY_SECONDS)


def _in_trouble() -> Problem:
    return Problem(
        503,
        "unavailable",
        "launcher, which says who you are, does not answer",
        "try again in a few seconds; `/readyz` there tells more",
        headers={"Retry-After": "2"},
        service="launcher",
    )


def _refusal(status: int, problem: dict[str, object]) -> Problem:
    """launcher's own words."""
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return Problem(
        status,
        str(problem.get("code", "refused")),
        str(problem.get("detail", "launcher refused this token")),
        str(problem.get("remedy", "send Authorization: Bearer <id>.<secret>")),
        headers=headers,
    )
