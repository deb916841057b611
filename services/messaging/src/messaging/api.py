"""messaging's routes: the sends of a launch. Read only; a foreign id answers 404."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated

import orjson
from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel

from contracts.words import DeliveryState, Permission
from messaging.adapters.queries import Delivery, Place, Queries, Wanted
from messaging.domain.reasons import without_detail
from runtime.auth import Caller, requires
from runtime.cloudevents import rfc3339
from runtime.did_you_mean import did_you_mean
from runtime.exports import csv_line
from runtime.media import CSV, NDJSON, streamed, wants_csv
from runtime.pages import from_cursor, to_cursor
from runtime.problems import Problem

if TYPE_CHECKING:
    from runtime.process import Resources

Viewer = Annotated[Caller, Depends(requires(Permission.VIEW))]
COLUMNS = ("contact_id", "step", "occurrence", "state", "reason", "changed_at", "send_id", "detail")
LaunchId = Annotated[str, Path(min_length=1, max_length=64)]


class DeliveryItem(BaseModel):
    contact_id: str
    step: str
    occurrence: int
    send_id: str
    state: DeliveryState
    reason: str | None
    detail: str | None
    """Of a message that could not be rendered: in which part, in which line of several, and what is wrong there."""
    changed_at: str


class DeliveryPage(BaseModel):
    items: list[DeliveryItem]
    next: str | None


def routes(resources: "Resources") -> APIRouter:
    queries = Queries(resources.pool, resources.partitions)
    router = APIRouter(prefix="/v1", tags=["messaging"])

    @router.get("/launches/{launch_id}/deliveries", response_model=DeliveryPage, responses=streamed(CSV))
    async def deliveries(
        launch_id: LaunchId,
        caller: Viewer,
        state: DeliveryState | None = None,
        contact: Annotated[str | None, Query(max_length=128, description="Only of this contact.")] = None,
        step: Annotated[str | None, Query(max_length=128, description="Only of this step.")] = None,
        cursor: Annotated[str | None, Query(max_length=800, description="`next` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        accept: Annotated[str, Header()] = "*/*",
    ) -> Response | DeliveryPage:
        """Messages of a launch and what became of them, by contact id; with `Accept: text/csv` all, streamed."""
        await _found(queries, caller, launch_id)
        if step is not None and step not in (sending := await queries.sending(launch_id)):
            detail = f"no step {step} of launch {launch_id} sends{did_you_mean(step, sending)}"
            raise Problem(422, "unknown_step", detail, f"those that do are {', '.join(sending)}")
        wanted = Wanted(state, contact, step)
        if wants_csv(accept):
            return StreamingResponse(_table(queries, launch_id, wanted), media_type=f"{CSV}; charset=utf-8")
        page = await queries.deliveries(launch_id, wanted, _after(cursor), limit)
        return DeliveryPage(
            items=[DeliveryItem.model_validate(_shown(each)) for each in page],
            next=to_cursor(*page[-1].key[1:]) if len(page) == limit else None,
        )

    @router.get("/launches/{launch_id}/ledger", response_class=StreamingResponse, responses=streamed(NDJSON))
    async def ledger(launch_id: LaunchId, caller: Viewer) -> StreamingResponse:
        """NDJSON, one send per line, sorted bytewise by contact id: for an exact recount."""
        await _found(queries, caller, launch_id)
        return StreamingResponse(_lines(queries, launch_id), media_type=NDJSON)

    return router


async def _table(queries: Queries, launch_id: str, wanted: Wanted) -> AsyncIterator[bytes]:
    yield csv_line(COLUMNS).encode()
    async for page in queries.all_deliveries(launch_id, wanted):
        yield "".join(map(_row, page)).encode()


def _row(delivery: Delivery) -> str:
    entry = _shown(delivery)
    return csv_line([None if (value := entry[column]) is None else str(value) for column in COLUMNS])


async def _lines(queries: Queries, launch_id: str) -> AsyncIterator[bytes]:
    async for page in queries.all_deliveries(launch_id):
        yield b"".join(orjson.dumps(_ledger_entry(each)) + b"\n" for each in page)


def _shown(delivery: Delivery) -> dict[str, object]:
    _, detail = without_detail(delivery.reason)
    return {**_ledger_entry(delivery), "detail": detail, "changed_at": rfc3339(delivery.changed_at)}


def _ledger_entry(delivery: Delivery) -> dict[str, object]:
    reason, _ = without_detail(delivery.reason)
    return {
        "contact_id": delivery.key.contact_id,
        "step": delivery.key.step,
        "occurrence": delivery.key.occurrence,
        "send_id": delivery.key.send_id,
        "state": delivery.state,
        "reason": reason,
    }


async def _found(queries: Queries, caller: Caller, launch_id: str) -> None:
    """Raises the 404 that a foreign launch gets as well."""
    if not await queries.has_launch(caller.project, launch_id):
        raise Problem(
            404,
            "unknown_launch",
            f"no launch {launch_id} is known here",
            "`GET /v1/launches` lists them; one requested a moment ago is here within a second",
        )


def _after(cursor: str | None) -> Place:
    return Place(*(from_cursor(cursor, str, str, int) or ()))
