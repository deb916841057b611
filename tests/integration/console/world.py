"""console in front of services that are real HTTP servers and answer as told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from uvicorn import Config, Server

from console.adapters.services import Services
from console.adapters.tokens import Tokens
from console.api import Console, routes
from console.domain.owners import SERVICES
from console.limits import Limits
from runtime import web
from runtime.health import Readiness
from runtime.settings import Settings

ANN = {"Authorization": "Bearer key.secret"}


@dataclass
class Upstream:
    """One service. `seen` are its requests; it answers by path, else it repeats what it was sent."""

    name: str
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    answers: dict[str, Response] = field(default_factory=dict)
    url: str = ""
    server: Server | None = None

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        path = request.scope["raw_path"].decode()
        self.seen.append((request.method, path, dict(request.headers), body))
        if path in self.answers:
            return self.answers[path]
        echo = {"service": self.name, "path": path, "query": request.url.query, "size": len(body)}
        return JSONResponse(echo, headers={"Set-Cookie": "a=1", "X-Own": "kept"})

    async def start(self) -> None:
        app = FastAPI()
        app.add_route("/{path:path}", self.answer, methods=["GET", "POST", "PUT", "DELETE"])
        listening = web.listen(Settings())
        self.url = web.address(listening)
        self.server = Server(
            Config(app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1)
        )
        self.task = asyncio.create_task(self.server._serve([listening]))

    async def stop(self) -> None:
        if self.server is not None:
            self.server.should_exit = True
            await self.task
            self.server = None


@dataclass
class World:
    http: httpx.AsyncClient
    upstreams: dict[str, Upstream]
    now: float = 0.0
    rate: float = 20.0
    """Requests a second."""

    def __getitem__(self, service: str) -> Upstream:
        return self.upstreams[service]

    @property
    def exchanged(self) -> int:
        return sum(path == "/internal/tokens" for _, path, _, _ in self["launcher"].seen)


@asynccontextmanager
async def standing() -> AsyncIterator[World]:
    upstreams = {name: Upstream(name) for name in SERVICES}
    for upstream in upstreams.values():
        await upstream.start()
    token = {"token": "short", "expires_in": 600, "project": "acme", "subject": "key", "grants": ["view"]}
    upstreams["launcher"].answers["/internal/tokens"] = JSONResponse(token)
    services = Services({name: upstream.url for name, upstream in upstreams.items()})
    settings = Settings()
    server, listening = web.Web("console", settings, Readiness("console")), web.listen(settings)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(services.opened())
        http = httpx.AsyncClient(base_url=web.address(listening), headers=ANN, trust_env=False)
        world = World(await stack.enter_async_context(http), upstreams)
        server.start(listening)
        server.open(
            routes(Console(services, Tokens(services, lambda: world.now)), Limits(world.rate, lambda: world.now))
        )
        yield world
        await server.stop()
    for upstream in upstreams.values():
        await upstream.stop()
