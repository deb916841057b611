"""Scenarios: pushed as immutable versions, activated, put away."""

from dataclasses import dataclass, replace

from contracts.checks import Point
from contracts.projects import ScenarioSet
from contracts.scenario import Scenario
from launcher.domain.parties import Asker
from launcher.domain.points import blocks
from launcher.domain.refusals import Denied, Seen, changed_meanwhile
from launcher.domain.scenarios import ScenarioState, StoredScenario, StoredVersion
from launcher.handlers.outgoing import on_projects
from launcher.handlers.unknown import unknown_scenario, unknown_user, unknown_version
from launcher.handlers.validator import Validator
from launcher.ports import Launches, Scenarios, Users
from runtime.audit import Audit
from runtime.documents import digest
from runtime.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Pushed:
    scenario: StoredScenario
    version: int
    created: bool
    """False: the newest version says the same."""


class ScenarioHandlers:
    def __init__(
        self, scenarios: Scenarios, launches: Launches, users: Users, audit: Audit, validator: Validator
    ) -> None:
        self._scenarios = scenarios
        self._users = users
        self._launches = launches
        self._audit = audit
        self._validator = validator

    async def push(
        self, tx: Transaction, asker: Asker, body: Scenario, source: str, seen: Seen = None
    ) -> Pushed | Denied:
        """A new version, or the newest if that says the same. Who pushes a key first is its creator."""
        fingerprint = digest(body.model_dump(mode="json"))
        points = self._validator.points(fingerprint, body)
        if blocks(points):
            return _invalid(body.key, points, "correct what `points` name and push again")
        scenario = await self._scenarios.lock(tx.connection, asker.project, body.key)
        if denied := changed_meanwhile(seen, scenario.revision if scenario else None, f"scenario {body.key}"):
            return denied
        if scenario is None:
            scenario = _first(asker, body, tx)
            if not await self._scenarios.insert(tx.connection, scenario):  # somebody else's first push was quicker
                return await self.push(tx, asker, body, source, seen)
        if scenario.state is ScenarioState.ARCHIVED:
            return Denied("wrong_state", f"scenario {body.key} is archived", "push it under another key")
        newest = await self._scenarios.version(tx.connection, asker.project, body.key, scenario.newest_version)
        if newest and newest.digest == fingerprint:
            return Pushed(scenario, newest.version, created=False)
        number = scenario.newest_version + 1
        version = StoredVersion(number, body, source, fingerprint, asker.subject, tx.now)
        await self._scenarios.insert_version(tx.connection, asker.project, body.key, version)
        revision = scenario.revision + (number > 1)
        scenario = replace(scenario, newest_version=number, name=body.name, revision=revision)
        await self._scenarios.update(tx.connection, scenario)
        if number == 1:
            tx.emit(on_projects(_scenario_set(scenario), tx.partitions))
        await self._note(tx, asker, "scenario.pushed", scenario, version=number)
        return Pushed(scenario, number, created=True)

    async def activate(
        self, tx: Transaction, asker: Asker, key: str, version: int | None, seen: Seen = None
    ) -> StoredScenario | Denied:
        """That version, or the newest, can be launched from now on. What runs keeps the version it started with."""
        scenario = await self._locked(tx, asker, key, seen)
        if isinstance(scenario, Denied):
            return scenario
        if scenario.state is ScenarioState.ARCHIVED:
            return Denied("wrong_state", f"scenario {key} is archived", "push it under another key")
        wanted = version or scenario.newest_version
        stored = await self._scenarios.version(tx.connection, asker.project, key, wanted)
        if stored is None:
            return unknown_version(key, wanted)
        points = self._validator.points(stored.digest, stored.body)
        if blocks(points):
            return _invalid(key, points, "push a version that is valid")
        changed = replace(scenario, state=ScenarioState.ACTIVE, active_version=wanted)
        return await self._moved(tx, asker, scenario, changed, "scenario.activated")

    async def deactivate(self, tx: Transaction, asker: Asker, key: str, seen: Seen = None) -> StoredScenario | Denied:
        """No further launches; what runs goes on."""
        scenario = await self._locked(tx, asker, key, seen)
        if isinstance(scenario, Denied):
            return scenario
        if scenario.state is ScenarioState.ARCHIVED:
            return Denied("wrong_state", f"scenario {key} is archived", "there is nothing left to deactivate")
        changed = replace(scenario, state=ScenarioState.INACTIVE, active_version=None)
        return await self._moved(tx, asker, scenario, changed, "scenario.deactivated")

    async def archive(self, tx: Transaction, asker: Asker, key: str, seen: Seen = None) -> StoredScenario | Denied:
        """For good, and only when nothing of it runs any more."""
        scenario = await self._locked(tx, asker, key, seen)
        if isinstance(scenario, Denied):
            return scenario
        if await self._launches.any_open(tx.connection, asker.project, key):
            detail = f"launches of scenario {key} have not ended"
            return Denied("wrong_state", detail, "deactivate it, wait for them or stop them, then archive it")
        changed = replace(scenario, state=ScenarioState.ARCHIVED, active_version=None)
        return await self._moved(tx, asker, scenario, changed, "scenario.archived")

    async def transfer(
        self, tx: Transaction, asker: Asker, key: str, user: str, seen: Seen = None
    ) -> StoredScenario | Denied:
        """Its launches reach whom this user may send to from now on. What runs keeps the creator it began with."""
        scenario = await self._locked(tx, asker, key, seen)
        if isinstance(scenario, Denied):
            return scenario
        if scenario.state is ScenarioState.ARCHIVED:
            return Denied("wrong_state", f"scenario {key} is archived", "there is nothing left to transfer")
        found = await self._users.hold(tx.connection, asker.project, user)
        if found is None:
            return await unknown_user(self._users, tx.connection, asker, user)
        if found.disabled:
            return Denied("user_disabled", f"user {user} is disabled", "enable them first, or choose somebody else")
        changed = replace(scenario, creator=user)
        return await self._moved(tx, asker, scenario, changed, "scenario.transferred", was=scenario.creator, to=user)

    async def _locked(self, tx: Transaction, asker: Asker, key: str, seen: Seen) -> StoredScenario | Denied:
        scenario = await self._scenarios.lock(tx.connection, asker.project, key)
        if scenario is None:
            return await unknown_scenario(self._scenarios, tx.connection, asker.project, key)
        return changed_meanwhile(seen, scenario.revision, f"scenario {key}") or scenario

    async def _moved(
        self, tx: Transaction, asker: Asker, before: StoredScenario, after: StoredScenario, action: str, **said: str
    ) -> StoredScenario:
        """Told and noted only if anything changed."""
        if after == before:
            return before
        after = replace(after, revision=before.revision + 1)
        await self._scenarios.update(tx.connection, after)
        tx.emit(on_projects(_scenario_set(after), tx.partitions))
        await self._note(tx, asker, action, after, version=after.active_version, **said)
        return after

    async def _note(
        self, tx: Transaction, asker: Asker, action: str, scenario: StoredScenario, **details: object
    ) -> None:
        thing = f"scenario/{scenario.key}"
        await self._audit.note(tx.connection, tx.now, asker.project, asker.subject, action, thing, details=details)


def _invalid(key: str, points: tuple[Point, ...], remedy: str) -> Denied:
    return Denied("scenario_invalid", f"scenario {key} could not be launched", remedy, points)


def _first(asker: Asker, body: Scenario, tx: Transaction) -> StoredScenario:
    """Before its first version."""
    return StoredScenario(
        project=asker.project,
        key=body.key,
        name=body.name,
        creator=asker.subject,
        state=ScenarioState.INACTIVE,
        active_version=None,
        newest_version=0,
        revision=1,
        created_at=tx.now,
    )


def _scenario_set(scenario: StoredScenario) -> ScenarioSet:
    return ScenarioSet(
        project=scenario.project,
        scenario=scenario.key,
        revision=scenario.revision,
        state=scenario.state,
        version=scenario.active_version,
    )
