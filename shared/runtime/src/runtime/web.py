"""The HTTP side of a process: health and metrics, what operators ask of any service, and the service's own routes."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final, NoReturn

import structlog
import uvicorn
from fastapi import APIRouter, Depends, FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime import health, problems
from runtime.auth import requires
from runtime.bodies import demand_readable
from runtime.guards import unguarded
from runtime.health import Readiness
from runtime.problems import Problem
from runtime.settings import Settings
from runtime.spans import HEADER, following
from runtime.tokens import EVERYTHING, Caller
from runtime.wire import LONGEST, Wire

MAX_BODY: Final = 2 * 1024 * 1024
"""Of a request, unless its route says otherwise (`max_body_size`)."""
STOP_SECONDS: Final = 3
OPEN_ALWAYS: Final = frozenset({"/healthz", "/readyz", "/metrics"})
log = structlog.get_logger()


def listen(settings: Settings) -> socket.socket:
    """The socket to serve on. Raises OSError (port in use, address of another machine)."""
    family = socket.AF_INET6 if ":" in settings.http_host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.http_host, settings.http_port))
        listening.listen(512)
    except OSError:
        listening.close()
        raise
    return listening


def address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Web:
    """Serves from the first moment; until `open` everything but health is answered with 503."""

    def __init__(
        self,
        service: str,
        settings: Settings,
        readiness: Readiness,
        *,
        unavailable: tuple[type[Exception], ...] = (),
    ) -> None:
        """`unavailable` are the errors of a database that is not there."""
        self.app = FastAPI(
            title=f"slipway {service}",
            openapi_url=None,
            max_body_size=MAX_BODY,
            dependencies=[Depends(demand_readable)],
        )
        self.app.state.settings = settings
        problems.install(self.app, unavailable=unavailable)
        self.app.include_router(health.routes(readiness))
        self._gate = Gate(problems.LimitRefusals(self.app), service)
        self._server = _Server(
            uvicorn.Config(
                self._gate,
                http=Wire,
                h11_max_incomplete_event_size=LONGEST,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        self._task: asyncio.Task[None] | None = None

    def start(self, listening: socket.socket) -> None:
        self._task = asyncio.create_task(self._server.serve(sockets=[listening]), name="http")

    def open(self, *routers: APIRouter) -> None:
        """From now on these routes are served. Raises RuntimeError if one has nobody at the door."""
        if open_doors := unguarded(*routers):
            raise RuntimeError(f"routes without `requires` that do not say they are public: {', '.join(open_doors)}")
        for router in routers:
            self.app.include_router(router)
        self._gate.opened = True

    async def stop(self) -> None:
        """Requests under way get a moment to finish."""
        self._server.should_exit = True
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=STOP_SECONDS + 2)


class Gate:
    """Around the whole app: not before it is open, one span and one log line per request."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service
        self.opened = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN_ALWAYS:
            await self._app(scope, receive, send)
        elif self.opened:
            await self._observed(scope, receive, send)
        else:
            remedy = "try again in a few seconds; `/readyz` says what it waits for"
            refusal = Problem(503, "starting", f"{self._service} is starting", remedy, headers={"Retry-After": "2"})
            await refusal.response()(scope, receive, send)

    async def _observed(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 500
        began = time.perf_counter()

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        parent = dict(scope["headers"]).get(HEADER.encode())
        name = f"{self._service} {scope['method']}"
        with following(None if parent is None else parent.decode("latin-1"), name) as span:
            try:
                await self._app(scope, receive, sent)
            finally:
                route = getattr(scope.get("route"), "path", "none")
                span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", status)
                seconds = round(time.perf_counter() - began, 4)
                log.info("request", method=scope["method"], route=route, status=status, seconds=seconds)


def operations(engine: Any) -> APIRouter:
    """What operators ask of any service (`runtime.engine.Engine`); console merges it over all of them."""
    from runtime import audit_api  # only for who has a database

    router = APIRouter(prefix="/v1", tags=["operations"])
    viewing = requires("view", across_projects=True)
    administrator = requires(EVERYTHING, across_projects=True)

    @router.get("/partitions")
    async def partitions(_: Annotated[Caller, Depends(viewing)]) -> dict[str, list[dict[str, Any]]]:
        """Every partition number of this service: owner, epoch, offsets, lag, parked, the service's own figures."""
        return {"items": await engine.partitions_of_service()}

    @router.get("/parked")
    async def parked(_: Annotated[Caller, Depends(administrator)]) -> dict[str, list[dict[str, Any]]]:
        """Records that nobody could handle, with the reason; of all partitions of this service."""
        return {"items": await engine.parked()}

    @router.get("/parked/{id}")
    async def parked_record(id: str, _: Annotated[Caller, Depends(administrator)]) -> dict[str, Any]:
        """One of them."""
        found: dict[str, Any] | None = await engine.parked_record(id)
        return found or _refuse_parked(id)

    @router.post("/parked/{id}/replay", status_code=202)
    async def replay(id: str, caller: Annotated[Caller, Depends(administrator)]) -> dict[str, str]:
        """Its owner handles it again; if that fails it is parked anew, with the new reason."""
        if not await engine.replay(id, caller.subject):
            _refuse_parked(id)
        log.info("replay asked for", id=id, by=caller.subject)
        return {"id": id, "state": "replaying"}

    audit_api.add(router, engine)
    return router


def _refuse_parked(id: str) -> NoReturn:
    raise Problem(404, "unknown_parked", f"no record {id[:100]} is parked here", "`GET /v1/parked` lists them")


class _Server(uvicorn.Server):
    """Signals are the process's business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
