"""`Idempotency-Key`: the same request gets the same answer, another one under the same key a refusal."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Header, Response
from pydantic import BaseModel

from launcher.adapters.http_requests import Answered, PostgresHttpRequests
from launcher.domain.parties import Asker
from launcher.ports import Seals
from runtime.documents import digest
from runtime.problems import Problem
from runtime.transaction import Transaction

if TYPE_CHECKING:
    from runtime.process import Resources

_KEY = Header(alias="Idempotency-Key", min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")
Required = Annotated[str, _KEY]
Optional = Annotated[str | None, _KEY]
Work = Callable[[Transaction], Awaitable[tuple[int, BaseModel]]]
Look = Callable[[], Awaitable[None]]
"""Raises Problem."""


class Idempotency:
    """One transaction for the work and its answer: a request that died half-way was never made."""

    def __init__(self, requests: PostgresHttpRequests, seals: Seals) -> None:
        self._requests = requests
        self._seals = seals

    async def once(
        self, resources: "Resources", asker: Asker, key: str | None, asked: Any, work: Work, look: Look | None = None
    ) -> Response:
        """`asked`: all that decides what the request does, the route included. Without a key it is simply done.
        `look` comes before the transaction, unless the request was answered already."""
        if look is not None and not await self._answered(resources, asker, key):
            await look()
        async with resources.transaction() as tx:
            if key is None:
                status, answer = await work(tx)
                return _response(status, answer.model_dump_json())
            return await self._keyed(tx, (asker.project, asker.subject, key), digest(asked), work)

    async def _answered(self, resources: "Resources", asker: Asker, key: str | None) -> bool:
        if key is None:
            return False
        async with resources.pool.acquire() as connection:
            return await self._requests.find(connection, (asker.project, asker.subject, key)) is not None

    async def _keyed(self, tx: Transaction, asker: tuple[str, str, str], fingerprint: bytes, work: Work) -> Response:
        if not await self._requests.begin(tx.connection, asker):
            detail = "a request with this Idempotency-Key is still running"
            raise Problem(409, "still_running", detail, "ask again in a moment", headers={"Retry-After": "1"})
        before = await self._requests.find(tx.connection, asker)
        if before is None:
            status, answer = await work(tx)
            text = answer.model_dump_json()
            await self._requests.keep(
                tx.connection, asker, Answered(fingerprint, status, self._seals.seal(text)), tx.now
            )
            return _response(status, text)
        if before.digest != fingerprint:
            detail = "this Idempotency-Key was used for another request"
            raise Problem(422, "conflict", detail, "take a new key for another request")
        return _response(before.status, self._seals.unseal(before.sealed_answer))


def _response(status: int, text: str) -> Response:
    return Response(text, status, media_type="application/json")
