"""What a request names and the project does not have: refused, with the name that was probably meant."""

from contracts.words import Permission
from launcher.domain.parties import KEY_PREFIX, Asker, reserved
from launcher.domain.refusals import Denied
from launcher.ports import Keys, LaunchFilter, Scenarios, Users
from runtime.did_you_mean import did_you_mean
from runtime.transaction import Connection


async def unknown_scenario(scenarios: Scenarios, connection: Connection, project: str, key: str) -> Denied:
    close = did_you_mean(key, [each.key for each in await scenarios.of_project(connection, project)])
    detail = f"there is no scenario {key} in this project{close}"
    return Denied("unknown_scenario", detail, "`GET /v1/scenarios` lists them")


def unknown_version(key: str, version: int) -> Denied:
    remedy = f"`GET /v1/scenarios/{key}/versions` lists them"
    return Denied("unknown_version", f"scenario {key} has no version {version}", remedy)


async def unknown_user(users: Users, connection: Connection, asker: Asker, name: str) -> Denied:
    """Names of others are told only to whom they may be listed."""
    may_list = Permission.USERS_MANAGE in asker.grants
    known = await users.of_project(connection, asker.project) if may_list else []
    detail = f"there is no user {name} in this project{did_you_mean(name, [user.user for user in known])}"
    return Denied("unknown_user", detail, "`GET /v1/users` lists them")


class Narrowing:
    """Filters of a list of launches."""

    def __init__(self, scenarios: Scenarios, users: Users, keys: Keys) -> None:
        self._scenarios = scenarios
        self._users = users
        self._keys = keys

    async def unknown(self, connection: Connection, asker: Asker, wanted: LaunchFilter) -> Denied | None:
        """Of a filter that nothing was found with: the scenario, user or key that there is not; None: there is all."""
        key, user = wanted.scenario, wanted.user
        if key is not None and await self._scenarios.load(connection, asker.project, key) is None:
            return await unknown_scenario(self._scenarios, connection, asker.project, key)
        if user is None:
            return None
        if user.startswith(KEY_PREFIX):
            found = await self._keys.load(connection, user)
            there = found is not None and found.project == asker.project
            detail = f"there is no key {user} in this project"
            return None if there else Denied("unknown_key", detail, "`GET /v1/keys` lists them")
        if reserved(user) or await self._users.load(connection, asker.project, user) is not None:
            return None
        return await unknown_user(self._users, connection, asker, user)
