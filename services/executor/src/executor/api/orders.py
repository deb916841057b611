"""What became of an order for one contact of a launch."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel

from contracts.launches import OrderKind
from contracts.outcomes import OrderResult
from contracts.words import Permission
from executor.adapters.orders import OrderRow, OrdersGiven
from runtime.auth import Caller, requires
from runtime.cloudevents import rfc3339
from runtime.problems import Problem

PATIENCE_SECONDS = 2.0
"""An order that launcher has just taken is known here a moment later: whoever asks meanwhile need not ask again."""
LOOK_SECONDS = 0.05
Id = Annotated[str, Path(min_length=1, max_length=64)]


class Order(BaseModel):
    order_id: str
    launch_id: str
    contact_id: str
    kind: OrderKind
    by: str
    at: str
    state: Literal["ordered", "done"]
    result: OrderResult | None


def routes(orders: OrdersGiven, patience: float) -> APIRouter:
    router = APIRouter()

    @router.get("/launches/{launch_id}/orders/{order_id}")
    async def order(
        launch_id: Id, order_id: Id, caller: Annotated[Caller, Depends(requires(Permission.VIEW))]
    ) -> Order:
        """`ordered` until the contact's instance was met; one who may still become a target is waited for."""
        return _order(await _expected(orders, caller, launch_id, order_id, patience))

    return router


async def _expected(orders: OrdersGiven, caller: Caller, launch_id: str, order_id: str, patience: float) -> OrderRow:
    """Raises the 404 that a foreign order gets as well."""
    while (row := await orders.find(caller.project, launch_id, order_id)) is None:
        if patience <= 0:
            remedy = "take the order_id that the order was answered with"
            raise Problem(404, "unknown_order", f"no order {order_id} of launch {launch_id} is known here", remedy)
        await asyncio.sleep(LOOK_SECONDS)
        patience -= LOOK_SECONDS
    return row


def _order(row: OrderRow) -> Order:
    return Order.model_validate(
        {
            "order_id": row.order_id,
            "launch_id": row.launch_id,
            "contact_id": row.contact_id,
            "kind": row.kind,
            "by": row.ordered_by,
            "at": rfc3339(row.ordered_at),
            "state": "ordered" if row.result is None else "done",
            "result": row.result,
        }
    )
