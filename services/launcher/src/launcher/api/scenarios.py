"""Scenario files: validated, pushed, activated, shown, compared."""

import asyncio
import difflib
from typing import Annotated, Any

from fastapi import Query, Request, Response

from contracts.checks import Point
from contracts.scenario import Scenario
from contracts.words import Severity
from launcher.adapters.scenario_files import read_file
from launcher.api.doors import Asking, Doors
from launcher.api.shapes import Input, Output, Page, PathWord, Time, UserName, VersionNumber, granted, problem
from launcher.domain.expressions import written
from launcher.domain.launch import Kind
from launcher.domain.mending import Unshaped
from launcher.domain.messages import check_channels
from launcher.domain.parties import Asker
from launcher.domain.points import blocks
from launcher.domain.refusals import Denied
from launcher.domain.requests import startable as may_start
from launcher.domain.scenarios import StoredScenario, StoredVersion
from launcher.domain.summaries import offer
from launcher.handlers.scenarios import ScenarioHandlers
from launcher.handlers.unknown import unknown_scenario, unknown_version
from launcher.handlers.validator import Validator
from launcher.ports import Channels, Conditions, Scenarios
from runtime.documents import digest
from runtime.entity_tags import IfMatch, seen, tag
from runtime.transaction import Connection


class Judgement(Output):
    valid: bool
    points: list[Point]


class PushedShown(Output):
    key: str
    version: int
    created: bool
    """False: the newest version says the same."""
    state: str
    active_version: int | None
    points: list[Point]
    """Warnings."""


class Activated(Input):
    version: VersionNumber | None = None
    """Null: the newest."""


class Transferred(Input):
    user: UserName
    """Whose reach decides from now on who is sent to."""


class ScenarioShown(Output):
    key: str
    name: str
    state: str
    active_version: int | None
    newest_version: int
    creator: str
    revision: int
    created_at: Time
    summary: dict[str, Any] | None = None
    """Of those that were asked for as `startable`: launch, recurrence, sender, context, messages."""


class VersionListed(Output):
    version: int
    pushed_by: str
    pushed_at: Time


class VersionShown(VersionListed):
    key: str
    body: dict[str, Any]
    source: str
    """The file as it was pushed."""


class Difference(Output):
    diff: str
    """Unified diff of the two files; empty where they say the same."""


FILE = {
    "requestBody": {
        "description": "A scenario file; its shape is docs/schemas/scenario.json.",
        "required": True,
        "content": {media: {"schema": {"type": "object"}} for media in ("application/yaml", "application/json")},
    }
}
NEWEST = Activated()


def add(
    doors: Doors,
    handlers: ScenarioHandlers,
    scenarios: Scenarios,
    validator: Validator,
    channels: Channels,
    conditions: Conditions,
) -> None:
    _add_files(doors, handlers, validator, channels, conditions)
    _add_states(doors, handlers)
    _add_reading(doors, scenarios)


def _add_files(
    doors: Doors, handlers: ScenarioHandlers, validator: Validator, channels: Channels, conditions: Conditions
) -> None:
    resources = doors.resources

    async def judged(request: Request, asker: Asker) -> tuple[Scenario | None, list[Point]]:
        """In a thread: parsing and compiling a large file takes longer than the event loop should stand still."""
        json = "json" in request.headers.get("content-type", "").lower()
        read, points = await asyncio.to_thread(_judge, validator, await request.body(), json)
        scenario, rest = (read, read) if isinstance(read, Scenario) else (None, read.rest)
        if rest is not None:
            async with resources.pool.acquire() as connection:
                missing = await channels.missing(connection)
            points += check_channels(rest, missing, Severity.WARNING)
            points += await conditions.mistaken(asker, written(rest, validator.language))
        return scenario, points

    @doors("POST", "/v1/scenarios/validate", openapi_extra=FILE)
    async def validate(request: Request, asker: Asking) -> Judgement:
        """Every point against a file; nothing is kept."""
        _, points = await judged(request, asker)
        return Judgement(valid=not blocks(points), points=points)

    @doors(
        "POST",
        "/v1/scenarios",
        status_code=201,
        responses={200: {"description": "it was there already", "model": PushedShown}},
        openapi_extra=FILE,
    )
    async def push(request: Request, asker: Asking, response: Response, if_match: IfMatch = None) -> PushedShown:
        """A new version; the same content as the newest is that version (200)."""
        scenario, points = await judged(request, asker)
        if scenario is None or blocks(points):
            raise problem(
                Denied(
                    "scenario_invalid", "this file is not a valid scenario", "correct what `points` name", tuple(points)
                )
            )
        async with resources.transaction() as tx:
            source = (await request.body()).decode("utf-8-sig")
            pushed = granted(await handlers.push(tx, asker, scenario, source, seen(if_match)))
        response.status_code = 201 if pushed.created else 200
        return PushedShown(
            key=pushed.scenario.key,
            version=pushed.version,
            created=pushed.created,
            state=pushed.scenario.state,
            active_version=pushed.scenario.active_version,
            points=points,
        )


def _add_states(doors: Doors, handlers: ScenarioHandlers) -> None:
    resources = doors.resources

    @doors("POST", "/v1/scenarios/{key}/activate")
    async def activate(
        key: PathWord, asker: Asking, given: Activated = NEWEST, if_match: IfMatch = None
    ) -> ScenarioShown:
        """Lets a version be launched. What runs keeps the version it started with."""
        async with resources.transaction() as tx:
            return _shown(granted(await handlers.activate(tx, asker, key, given.version, seen(if_match))))

    @doors("POST", "/v1/scenarios/{key}/deactivate")
    async def deactivate(key: PathWord, asker: Asking, if_match: IfMatch = None) -> ScenarioShown:
        """No further launches; what runs goes on."""
        async with resources.transaction() as tx:
            return _shown(granted(await handlers.deactivate(tx, asker, key, seen(if_match))))

    @doors("POST", "/v1/scenarios/{key}/archive")
    async def archive(key: PathWord, asker: Asking, if_match: IfMatch = None) -> ScenarioShown:
        """For good; only when its launches have ended."""
        async with resources.transaction() as tx:
            return _shown(granted(await handlers.archive(tx, asker, key, seen(if_match))))

    @doors("POST", "/v1/scenarios/{key}/transfer")
    async def transfer(key: PathWord, given: Transferred, asker: Asking, if_match: IfMatch = None) -> ScenarioShown:
        """Gives it another creator: its launches reach whom that user may send to. What runs keeps the one it has."""
        async with resources.transaction() as tx:
            return _shown(granted(await handlers.transfer(tx, asker, key, given.user, seen(if_match))))


def _add_reading(doors: Doors, scenarios: Scenarios) -> None:
    resources = doors.resources

    @doors("GET", "/v1/scenarios")
    async def list_scenarios(asker: Asking, startable: bool = False) -> Page[ScenarioShown]:
        """The project's scenarios, archived ones too; `startable`: those that can be started for one contact."""
        async with resources.pool.acquire() as connection:
            found = await scenarios.of_project(connection, asker.project)
            if not startable:
                return Page(items=[_shown(each) for each in found])
            active = await scenarios.active_versions(connection, asker.project)
        offers = {each.body.key: offer(each.body) for each in active if may_start(each.body, Kind.SINGLE)}
        return Page(items=[_shown(each, offers[each.key]) for each in found if each.key in offers])

    @doors("GET", "/v1/scenarios/{key}")
    async def show_scenario(key: PathWord, asker: Asking, response: Response) -> ScenarioShown:
        """One scenario's state."""
        async with resources.pool.acquire() as connection:
            found = await scenarios.load(connection, asker.project, key)
            found = granted(found or await unknown_scenario(scenarios, connection, asker.project, key))
        tag(response, found.revision)
        return _shown(found)

    @doors("GET", "/v1/scenarios/{key}/versions")
    async def list_versions(key: PathWord, asker: Asking) -> Page[VersionListed]:
        """Newest first."""
        async with resources.pool.acquire() as connection:
            found = await scenarios.versions(connection, asker.project, key)
            found = granted(found or await unknown_scenario(scenarios, connection, asker.project, key))
        return Page(
            items=[VersionListed(version=v.version, pushed_by=v.pushed_by, pushed_at=v.pushed_at) for v in found]
        )

    async def version_of(connection: Connection, project: str, key: str, version: int) -> StoredVersion:
        if await scenarios.load(connection, project, key) is None:
            raise problem(await unknown_scenario(scenarios, connection, project, key))
        return granted(await scenarios.version(connection, project, key, version) or unknown_version(key, version))

    @doors("GET", "/v1/scenarios/{key}/versions/{version}")
    async def show_version(key: PathWord, version: VersionNumber, asker: Asking) -> VersionShown:
        """A version as it was pushed."""
        async with resources.pool.acquire() as connection:
            found = await version_of(connection, asker.project, key, version)
        return VersionShown(
            key=key,
            version=found.version,
            pushed_by=found.pushed_by,
            pushed_at=found.pushed_at,
            body=found.body.model_dump(mode="json", exclude_defaults=True),
            source=found.source,
        )

    @doors("GET", "/v1/scenarios/{key}/diff")
    async def diff(
        key: PathWord,
        asker: Asking,
        old: Annotated[VersionNumber, Query(alias="from")],
        new: Annotated[VersionNumber, Query(alias="to")],
    ) -> Difference:
        """What changed from one version's file to another's."""
        async with resources.pool.acquire() as connection:
            texts = [(await version_of(connection, asker.project, key, number)).source for number in (old, new)]
        lines = difflib.unified_diff(
            texts[0].splitlines(), texts[1].splitlines(), f"{key} {old}", f"{key} {new}", lineterm=""
        )
        return Difference(diff="\n".join(lines))


def _judge(validator: Validator, raw: bytes, json: bool) -> tuple[Scenario | Unshaped, list[Point]]:
    scenario = read_file(raw, validator.judge, json=json)
    if isinstance(scenario, Unshaped):
        return scenario, list(scenario.points)
    return scenario, list(validator.points(digest(scenario.model_dump(mode="json")), scenario))


def _shown(scenario: StoredScenario, summary: dict[str, Any] | None = None) -> ScenarioShown:
    return ScenarioShown(
        key=scenario.key,
        name=scenario.name,
        state=scenario.state,
        active_version=scenario.active_version,
        newest_version=scenario.newest_version,
        creator=scenario.creator,
        revision=scenario.revision,
        created_at=scenario.created_at,
        summary=summary,
    )
