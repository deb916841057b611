"""executor's routes: process instances, incidents and the ledger of a launch."""

from typing import TYPE_CHECKING

from fastapi import APIRouter

from executor.adapters.incidents import PostgresDecisions
from executor.adapters.orders import OrdersGiven
from executor.adapters.queries import Queries
from executor.api import incidents, instances, ledger, orders

if TYPE_CHECKING:
    from runtime.process import Resources


def routes(resources: "Resources", patience: float = orders.PATIENCE_SECONDS) -> APIRouter:
    """`patience`: seconds to wait for an order that has not come here yet."""
    queries = Queries(resources.pool, resources.partitions)
    router = APIRouter(prefix="/v1", tags=["executor"])
    router.include_router(instances.routes(queries))
    router.include_router(incidents.routes(queries, PostgresDecisions(resources.pool)))
    router.include_router(ledger.routes(queries))
    router.include_router(orders.routes(OrdersGiven(resources.pool), patience))
    return router
