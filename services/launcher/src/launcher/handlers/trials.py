"""Launches that reach nobody: tests, mailed to whoever tries a scenario, and rehearsals of a whole launch."""

from collections.abc import Mapping
from typing import Any

from contracts.crm import AllGiven, ContactsGiven, LaunchRequest
from contracts.words import LaunchMode
from launcher.domain.launch import Kind, Launch, Way
from launcher.domain.parties import Asker
from launcher.domain.refusals import Denied
from launcher.handlers.launches import LaunchHandlers
from launcher.handlers.unknown import unknown_version
from launcher.handlers.versions import Versions
from runtime.transaction import Transaction


class Trials:
    def __init__(self, versions: Versions, control: LaunchHandlers) -> None:
        self._versions = versions
        self._control = control

    async def test(
        self,
        tx: Transaction,
        asker: Asker,
        launch_ids: Mapping[str, str],
        scenario: str,
        version: int | None,
        contact_id: str | None,
        context: dict[str, Any],
    ) -> list[Launch] | Denied:
        """A launch per address (`launch_ids`: address to id). It goes the way of that contact, else of the first."""
        if version is not None and await self._missing(tx, asker, scenario, version):
            return unknown_version(scenario, version)
        participants = (
            AllGiven(kind="all") if contact_id is None else ContactsGiven(kind="contacts", contacts=[contact_id])
        )
        request = LaunchRequest(project=asker.project, scenario=scenario, participants=participants, context=context)
        made: list[Launch] = []
        for address, launch_id in launch_ids.items():
            way = Way(Kind.TEST, LaunchMode.TEST, to=address, version=version)
            launch = await self._control.request(tx, request, asker, launch_id, way=way)
            if isinstance(launch, Denied):
                return launch
            made.append(launch)
        return made

    async def rehearse(self, tx: Transaction, asker: Asker, launch_id: str, request: LaunchRequest) -> Launch | Denied:
        """The whole launch, to the same counts and reasons, with nobody sent to and nothing changed."""
        return await self._control.request(tx, request, asker, launch_id, way=Way(Kind.REHEARSAL, LaunchMode.REHEARSAL))

    async def _missing(self, tx: Transaction, asker: Asker, scenario: str, version: int) -> bool:
        return await self._versions.to_try(tx.connection, asker.project, scenario, version) is None
