"""Scenario versions for launches: the active one that a request names, and the one a launch was drafted with."""

from contracts.launches import ScenarioVersion
from contracts.words import Severity
from launcher.domain.launch import Launch
from launcher.domain.messages import check_channels
from launcher.domain.requests import Candidate
from launcher.domain.scenarios import ScenarioState, StoredScenario, StoredVersion
from launcher.handlers.validator import Validator
from launcher.ports import Channels, Projects, Scenarios
from runtime.errors import Permanent
from runtime.transaction import Connection


class Versions:
    def __init__(self, scenarios: Scenarios, projects: Projects, channels: Channels, validator: Validator) -> None:
        self._scenarios = scenarios
        self._projects = projects
        self._channels = channels
        self._validator = validator

    async def candidate(self, connection: Connection, project: str, key: str) -> Candidate:
        """It cannot be archived before this transaction has ended."""
        scenario = await self._scenarios.hold(connection, project, key)
        if scenario is None:
            return await self._none(connection, project)
        if scenario.active_version is None:
            return Candidate(scenario.state, None)
        return await self._candidate(connection, project, scenario, scenario.active_version)

    async def to_try(self, connection: Connection, project: str, key: str, version: int | None) -> Candidate | None:
        """Whatever state the scenario is in. No version: the active one, else the newest. None: it has none such."""
        scenario = await self._scenarios.hold(connection, project, key)
        if scenario is None:
            return await self._none(connection, project)
        if version is not None and version > scenario.newest_version:
            return None
        return await self._candidate(
            connection, project, scenario, version or scenario.active_version or scenario.newest_version
        )

    async def _none(self, connection: Connection, project: str) -> Candidate:
        known = await self._scenarios.of_project(connection, project)
        return Candidate(None, None, known=tuple(each.key for each in known))

    async def _candidate(
        self, connection: Connection, project: str, scenario: StoredScenario, version_number: int
    ) -> Candidate:
        stored = await self._stored(connection, project, scenario.key, version_number)
        found = await self._projects.load(connection, project)
        version = ScenarioVersion(
            project=project,
            version=stored.version,
            creator=scenario.creator,
            zone=found.zone if found else "UTC",
            body=stored.body,
        )
        points = self._validator.points(stored.digest, stored.body)
        missing = await self._channels.missing(connection)
        return Candidate(scenario.state, version, (*points, *check_channels(stored.body, missing, Severity.ERROR)))

    async def active(self, connection: Connection, launch: Launch) -> bool:
        """Whether the launch's scenario can be launched; that stays so until this transaction has ended."""
        scenario = await self._scenarios.hold(connection, launch.project, launch.scenario)
        return scenario is not None and scenario.state is ScenarioState.ACTIVE

    async def of_launch(self, connection: Connection, launch: Launch) -> ScenarioVersion:
        """As it was when the launch was drafted: creator and zone are the launch's."""
        stored = await self._stored(connection, launch.project, launch.scenario, launch.version or 0)
        return ScenarioVersion(
            project=launch.project,
            version=stored.version,
            creator=launch.creator or "",
            zone=launch.zone,
            body=stored.body,
        )

    async def _stored(self, connection: Connection, project: str, key: str, version: int) -> StoredVersion:
        stored = await self._scenarios.version(connection, project, key, version)
        if stored is None:
            raise Permanent(f"version {version} of scenario {key} is gone, though it is never deleted")
        return stored
