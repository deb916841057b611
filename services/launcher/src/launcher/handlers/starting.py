"""Launches that are asked for from somewhere: for one contact, like an earlier one, or for some of its targets."""

from typing import Any

from contracts.crm import ContactsGiven, LaunchRequest, OptionsGiven, ParticipantsGiven, ResultsGiven
from launcher.domain.launch import Kind, Launch, Way
from launcher.domain.parties import Asker
from launcher.domain.refusals import Denied, Refusal
from launcher.domain.results import closed
from launcher.handlers.flow import unknown
from launcher.handlers.launches import LaunchHandlers
from launcher.ports import Launches
from runtime.transaction import Transaction


class Starting:
    def __init__(self, launches: Launches, control: LaunchHandlers) -> None:
        self._launches = launches
        self._control = control

    async def single(
        self,
        tx: Transaction,
        asker: Asker,
        launch_id: str,
        scenario: str,
        contact_id: str,
        options: OptionsGiven,
        context: dict[str, Any],
    ) -> Launch | Denied:
        """One contact: validated, and then it runs. Nobody counts, confirms or approves."""
        request = LaunchRequest(
            project=asker.project,
            scenario=scenario,
            participants=ContactsGiven(kind="contacts", contacts=[contact_id]),
            options=options,
            context=context,
        )
        return await self._control.request(tx, request, asker, launch_id, way=Way(Kind.SINGLE))

    async def relaunch(
        self,
        tx: Transaction,
        asker: Asker,
        launch_id: str,
        earlier_id: str,
        participants: ParticipantsGiven | None,
        options: OptionsGiven,
        context: dict[str, Any] | None,
        count_token: str | None,
    ) -> Launch | Denied | Refusal:
        """The earlier launch's scenario once more; whom it is for is said anew. No context: the earlier one's."""
        earlier = await self._launches.load(tx.connection, asker.project, earlier_id)
        if earlier is None:
            return unknown(earlier_id)
        if participants is None:
            detail = "a relaunch begins with an empty selection: nobody is targeted"
            return Denied("empty_selection", detail, 'say `participants`; everybody is meant by {"kind": "all"}')
        request = LaunchRequest(
            project=asker.project,
            scenario=earlier.scenario,
            participants=participants,
            options=options,
            context=earlier.context if context is None else context,
            count_token=count_token,
        )
        way = Way(Kind.RELAUNCH, relaunch_of=earlier_id)
        return await self._control.request(tx, request, asker, launch_id, way=way)

    async def retry(
        self,
        tx: Transaction,
        asker: Asker,
        launch_id: str,
        wanted: ResultsGiven,
        options: OptionsGiven,
        context: dict[str, Any] | None,
    ) -> Launch | Denied | Refusal:
        """The earlier launch's scenario for exactly these targets of it. No context: the earlier one's."""
        earlier = await self._launches.load(tx.connection, asker.project, wanted.launch_id)
        if earlier is None:
            return unknown(wanted.launch_id)
        if against := closed(earlier):
            return against
        request = LaunchRequest(
            project=asker.project,
            scenario=earlier.scenario,
            participants=wanted,
            options=options,
            context=earlier.context if context is None else context,
        )
        return await self._control.request(tx, request, asker, launch_id)
