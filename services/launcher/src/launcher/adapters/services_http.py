"""Other services over HTTP, on behalf of whoever asks."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import aiohttp
import structlog
from pydantic import BaseModel, ValidationError

from contracts.words import Permission
from launcher.domain.parties import Asker
from launcher.domain.refusals import Denied
from runtime.tokens import Caller, mint

SECONDS: Final = 15.0
"""Longest wait for an answer."""
TOKEN_SECONDS: Final = 60
AGAIN: Final = "ask again in a few seconds; `/readyz` there tells more"
Shape = TypeVar("Shape", bound=BaseModel)
log = structlog.get_logger()


class ServiceHttp:
    """One of the services. Whether the caller may ask has been judged before; `asker` is named as who does."""

    def __init__(self, name: str, url: str, token_key: str) -> None:
        self._name = name
        self._url = url.rstrip("/")
        self._token_key = token_key

    async def ask(
        self,
        method: str,
        path: str,
        asker: Asker,
        permission: Permission,
        shape: type[Shape],
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Shape | Denied:
        """Its answer. Denied: `busy` or `unavailable` (asking again helps), or what is against the request.

        It may be older or newer than we: what is in the answer beside `shape` is passed over.
        """
        if not self._url:
            setting = f"set SLIPWAY_{self._name.upper()}_URL"
            return Denied("unavailable", f"launcher does not know where {self._name} is", setting)
        caller = Caller(asker.project, asker.subject, frozenset({permission}))
        bearer = mint(caller, self._token_key, seconds=TOKEN_SECONDS)
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        headers = {"Authorization": f"Bearer {bearer}"}
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
                session.request(method, f"{self._url}{path}", json=body, params=query, headers=headers) as answer,
            ):
                told = await answer.json(content_type=None)
                return shape.model_validate(told) if answer.status == 200 else self._denied(answer, told)
        except ValidationError as error:
            log.error("a service answers in another shape", asked=self._name, error=str(error))
            remedy = f"bring {self._name} to launcher's version: docs/operations says in which order"
            return Denied("unavailable", f"{self._name} answers as another version of it does", remedy)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            log.warning("a service did not answer", asked=self._name, error=str(error) or type(error).__name__)
            return Denied("unavailable", f"{self._name} cannot be asked just now", AGAIN)

    def _denied(self, answer: aiohttp.ClientResponse, told: Any) -> Denied:
        """A problem of theirs as our own."""
        status, later = answer.status, answer.headers.get("Retry-After", "")
        problem = told if isinstance(told, dict) else {}
        code = str(problem.get("code") or "unavailable")
        detail = str(problem.get("detail") or f"{self._name} said {status}")
        if status >= 500 and code != "busy":
            return Denied("unavailable", f"{self._name} cannot answer just now", AGAIN)
        return Denied(
            code, detail, str(problem.get("remedy") or AGAIN), retry_after=int(later) if later.isdecimal() else None
        )
