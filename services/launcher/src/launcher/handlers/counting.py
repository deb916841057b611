"""Counts: how many a launch would target and start. Judged as the launch would be, then counted by contacts."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import asyncpg

from contracts.checks import Point
from contracts.crm import ContactsGiven, LaunchRequest, ResultsGiven
from contracts.launches import All, Contacts, Options, Participants, ScenarioVersion
from contracts.scenario import SendStep
from contracts.words import Permission, Severity
from launcher.domain.counting import Counted, Listed, Listing, Selected, basis_of
from launcher.domain.expressions import written
from launcher.domain.graph import passed_by_all
from launcher.domain.language import Language
from launcher.domain.launch import PLAIN
from launcher.domain.parties import Asker
from launcher.domain.points import blocks, warning
from launcher.domain.records import select
from launcher.domain.refusals import Denied, Refusal, nobody_behind
from launcher.domain.requests import judge
from launcher.domain.results import lineage
from launcher.handlers.flow import asked, unknown
from launcher.handlers.quotas import Quotas
from launcher.handlers.result_sets import ResultSets
from launcher.handlers.versions import Versions
from launcher.ports import Conditions, Counting, CountTokens, Launches, Results
from runtime.transaction import Connection


class Resources(Protocol):
    """Of `runtime.process.Resources`: a count opens no transaction."""

    @property
    def pool(self) -> "asyncpg.Pool[asyncpg.Record]": ...


@dataclass(frozen=True, slots=True)
class Count:
    """What was counted and the token for it; only `points` where one blocks."""

    scenario: str
    version: int | None
    points: tuple[Point, ...]
    counted: Counted | None = None
    token: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Judged:
    request: LaunchRequest
    version: ScenarioVersion | None
    points: tuple[Point, ...]
    now: datetime
    launch_id: str | None = None
    launched_by: str = ""
    retry: bool = False
    results: ResultsGiven | None = None
    """Whose contacts are still to be read."""

    @property
    def selected(self) -> Selected | None:
        """None: a point blocks."""
        if self.version is None or blocks(self.points):
            return None
        options, override = self.request.options, self.request.options.consent_override
        return Selected(
            version=self.version,
            participants=_whole(self.request),
            options=Options(
                consent_override=override is not None,
                override_reason=override.reason if override else None,
                intersect_with_launcher=options.intersect_with_launcher,
            ),
            context=self.request.context,
            launched_by=self.launched_by,
            launch_id=self.launch_id,
            retry=self.retry,
        )


class Counts:
    def __init__(
        self,
        launches: Launches,
        versions: Versions,
        counting: Counting,
        conditions: Conditions,
        language: Language,
        results: Results,
        tokens: CountTokens,
        quotas: Quotas,
    ) -> None:
        self._launches = launches
        self._versions = versions
        self._counting = counting
        self._conditions = conditions
        self._language = language
        self._sets = ResultSets(results, counting)
        self._tokens = tokens
        self._quotas = quotas

    async def count(self, resources: Resources, asker: Asker, wanted: LaunchRequest | str) -> Count | Denied | Refusal:
        """`wanted`: what would be asked for, or the id of a launch that waits: then that is counted."""
        judged = await self._judged(resources, asker, wanted)
        if isinstance(judged, (Denied, Refusal)):
            return judged
        version = judged.version.version if judged.version else None
        refused = Count(judged.request.scenario, version, judged.points)
        if (selected := judged.selected) is None:
            return refused
        if judged.results is None:
            counted = await self._counting.count(asker, selected)
        else:
            counted = await self._sets.count(asker, selected, judged.results)
        if isinstance(counted, Denied):
            return counted
        sure = passed_by_all(selected.version.body)
        messages = tuple(replace(each, at_most=each.step not in sure) for each in counted.messages)
        counted = replace(counted, messages=messages)
        points = (*judged.points, *counted.points, *await self._mistaken(asker, selected.version))
        if blocks(points):
            return replace(refused, points=points)
        version_number, by = selected.version.version, asker.subject
        basis = basis_of(judged.request, version_number, by, counted.figures, counted.messages)
        token, expires_at = self._tokens.mint(basis, judged.now)
        return replace(refused, points=points, counted=counted, token=token, expires_at=expires_at)

    async def listed(
        self, resources: Resources, asker: Asker, wanted: LaunchRequest | str, listing: Listing
    ) -> Listed | Denied | Refusal:
        """A page of the contacts behind a figure."""
        judged = await self._judged(resources, asker, wanted)
        if isinstance(judged, (Denied, Refusal)):
            return judged
        if (selected := judged.selected) is None:
            return nobody_behind(judged.points)
        if listing.step is not None and (unknown_step := _no_message(selected.version, listing.step)):
            return unknown_step
        if judged.results is not None:
            return await self._sets.listed(asker, selected, judged.results, listing)
        found = await self._counting.listed(asker, selected, listing)
        if isinstance(found, Denied):
            return found
        following = replace(listing, figure=found.figure, cursor=found.next) if found.next is not None else None
        return Listed(found.figure, found.contact_ids, following)

    async def _mistaken(self, asker: Asker, version: ScenarioVersion) -> list[Point]:
        """In its branches and messages. It was taken as it is: nothing of that blocks any more."""
        found = await self._conditions.mistaken(asker, written(version.body, self._language))
        return [point.model_copy(update={"severity": Severity.WARNING}) for point in found]

    async def _judged(
        self, resources: Resources, asker: Asker, wanted: LaunchRequest | str
    ) -> _Judged | Denied | Refusal:
        if not isinstance(wanted, str) and Permission.PROCESS_START not in asker.grants:
            lacked = Permission.PROCESS_START
            detail = (
                f"{asker.subject} lacks the permission {lacked}: whoever lacks it asks for no launch, and counts only"
                " launches that others have asked for, by their `launch_id`"
            )
            return Denied("forbidden", detail, f"have {lacked} granted, or let somebody else ask")
        async with resources.pool.acquire() as connection:
            now: datetime = await connection.fetchval("SELECT now()")
            if isinstance(wanted, str):
                return await self._of_launch(connection, asker, wanted, now)
            candidate = await self._versions.candidate(connection, asker.project, wanted.scenario)
            results = wanted.participants if isinstance(wanted.participants, ResultsGiven) else None
            earlier = await self._launches.load(connection, asker.project, results.launch_id) if results else None
            over = await self._quotas.reached(connection, asker, now)
        way = lineage(wanted, earlier, PLAIN)
        points = judge(wanted, asker.grants, candidate, way.kind, earlier=earlier)
        return _Judged(
            request=wanted,
            version=candidate.version,
            points=(*points, *([warning(over.code, "launch", f"{over.detail}: {over.remedy}.")] if over else ())),
            now=now,
            launched_by=asker.subject,
            retry=way.retry_of is not None,
            results=results,
        )

    async def _of_launch(
        self, connection: Connection, asker: Asker, launch_id: str, now: datetime
    ) -> _Judged | Refusal:
        """It was judged when it was asked for."""
        launch = await self._launches.load(connection, asker.project, launch_id)
        if launch is None:
            return unknown(launch_id)
        if launch.collecting:
            return Refusal("wrong_state", "What it is for is still being collected: count it in a moment.")
        if launch.version is None or await self._launches.asked(connection, launch_id) is None:
            return Refusal("wrong_state", f"The launch is {launch.state}: there is nothing to count.")
        return _Judged(
            request=await asked(self._launches, connection, launch),
            version=await self._versions.of_launch(connection, launch),
            points=(),
            now=now,
            launch_id=launch_id,
            launched_by=launch.requested_by,
            retry=launch.retry_of is not None,
        )


def _no_message(version: ScenarioVersion, step: str) -> Denied | None:
    """Unless this step sends one."""
    sending = [name for name, each in version.body.steps.items() if isinstance(each, SendStep)]
    if step in sending:
        return None
    detail = f"scenario {version.key}, version {version.version}, sends no message at a step {step}"
    return Denied("unknown_step", detail, f"its messages are at: {', '.join(sending) or 'no step'}")


def _whole(request: LaunchRequest) -> Participants:
    """Participants with every contact that was named."""
    match request.participants:
        case ContactsGiven(contacts=named):
            return Contacts(contacts=list(dict.fromkeys(named)))
        case _:
            return select(request).participants or All()
