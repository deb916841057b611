"""What became of launches and their targets, over HTTP: figures and outcomes of log, messages of messaging."""

from urllib.parse import quote

from pydantic import BaseModel

from contracts.crm import LaunchFigures, ResultsGiven
from contracts.words import Permission
from launcher.adapters.services_http import ServiceHttp
from launcher.domain.parties import Asker
from launcher.domain.refusals import Denied
from launcher.domain.results import ResultPage

PAGE = 1000


class _Item(BaseModel):
    contact_id: str


class _Page(BaseModel):
    items: list[_Item]
    next: str | None


class ResultsHttp:
    """`launcher.ports.Results`."""

    def __init__(self, log: ServiceHttp, messaging: ServiceHttp) -> None:
        self._log = log
        self._messaging = messaging

    async def page(self, asker: Asker, wanted: ResultsGiven, cursor: str | None) -> ResultPage | Denied:
        service, listed = (self._messaging, "deliveries") if wanted.delivery else (self._log, "outcomes")
        asked = {"outcome": wanted.outcome, "reason": wanted.reason, "state": wanted.delivery, "cursor": cursor}
        query = {name: str(value) for name, value in asked.items() if value is not None}
        path = f"/v1/launches/{quote(wanted.launch_id, safe='')}/{listed}"
        page = await service.ask("GET", path, asker, Permission.VIEW, _Page, query={**query, "limit": str(PAGE)})
        if isinstance(page, Denied):
            return page
        return ResultPage([item.contact_id for item in page.items], page.next)


class ProgressHttp:
    """`launcher.ports.Progress`."""

    def __init__(self, log: ServiceHttp) -> None:
        self._log = log

    async def of(self, asker: Asker, launch_id: str) -> LaunchFigures | Denied:
        path = f"/v1/launches/{quote(launch_id, safe='')}/progress"
        return await self._log.ask("GET", path, asker, Permission.VIEW, LaunchFigures)
