"""log's routes: the figures of a launch and the lists behind them. Read only; a foreign id answers 404."""

from typing import TYPE_CHECKING

from fastapi import APIRouter

from log.adapters.queries import Queries
from log.api import lists, progress, targets
from log.api.launch import PATIENCE_SECONDS
from log.api.streams import Streams

if TYPE_CHECKING:
    from runtime.process import Resources


def routes(resources: "Resources", patience: float = PATIENCE_SECONDS) -> APIRouter:
    """`patience`: seconds to wait for a launch that is not known here yet."""
    queries, streams = Queries(resources.pool, resources.partitions), Streams()
    router = APIRouter(prefix="/v1", tags=["log"])
    router.include_router(progress.routes(queries, patience))
    router.include_router(lists.routes(queries, streams))
    router.include_router(targets.routes(queries, streams))
    return router
