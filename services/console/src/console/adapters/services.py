"""The other services' HTTP: one connection pool, addresses from the settings, failures as problems."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import structlog
from starlette.requests import ClientDisconnect

from runtime.problems import Problem

CONNECT_SECONDS = 3.0
SILENT_SECONDS = 120.0
"""Longest silence of a service in the middle of an answer; event streams say something every 15 s."""
KEEP_SECONDS = 3.0
"""Shorter than the services keep a connection open, so that none is used that is being closed."""
CONNECTIONS = 200
log = structlog.get_logger()


class Services:
    """Usable inside `opened`."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEEP_SECONDS)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENT_SECONDS)
        async with aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            auto_decompress=False,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as self._session:
            yield

    async def send(self, service: str, method: str, target: str, **options: Any) -> aiohttp.ClientResponse:
        """The answer, its body not read yet: the caller releases it. `target` is path and query as they came.

        Raises Problem: 503 if the service is not there, 504 if it does not answer in time. What a body raises while it
        is read (Problem, ClientDisconnect) is raised as it is: the service is not to blame.
        """
        assert self._session is not None
        url = self._addresses[service].rstrip("/") + target
        try:
            return await self._session.request(method, url, allow_redirects=False, **options)
        except TimeoutError as error:
            raise _problem(504, "timeout", service, "does not answer in time", error) from None
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error.__cause__, Problem | ClientDisconnect):  # the library hides it in an error of its own
                raise error.__cause__ from None
            raise _problem(503, "unavailable", service, "cannot be reached", error) from None


def _problem(status: int, code: str, service: str, what: str, error: Exception) -> Problem:
    log.warning("a service failed to answer", target=service, error=str(error) or type(error).__name__)
    remedy = (
        "try again in a few seconds (what makes something: with the same Idempotency-Key); `/readyz` there tells more"
    )
    return Problem(status, code, f"{service} {what}", remedy, headers={"Retry-After": "2"}, service=service)
