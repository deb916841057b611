"""console's composition root: one public address for the services' HTTP. It owns nothing and consumes nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import APIRouter

from console.adapters.services import Services
from console.adapters.tokens import Tokens
from console.api import Console, routes
from console.limits import Limits
from console.settings import ConsoleSettings
from runtime.service import Service

if TYPE_CHECKING:
    from runtime.process import Resources


def build(settings: ConsoleSettings) -> Service:
    services = Services(settings.addresses)

    @asynccontextmanager
    async def lifespan(_: "Resources") -> AsyncIterator[None]:
        async with services.opened():
            yield

    def router(_: "Resources") -> APIRouter:
        clock = asyncio.get_running_loop().time
        return routes(Console(services, Tokens(services, clock)), Limits(settings.requests_per_second, clock))

    return Service(name="console", migrations=None, lifespan=lifespan, routes=router)
