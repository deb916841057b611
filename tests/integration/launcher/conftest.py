"""A desk with a project, an active scenario and a key. One database for all of these tests, emptied before each."""

from collections.abc import AsyncIterator, Iterator

import pytest

from integration.launcher.desk import Desk, Key
from platform_for_tests import FreshDatabase, Platform, in_a_thread
from runtime import database

TABLES = "channel audit_entry http_request command launch scenario_version scenario project_user access_key project"
EMPTY = [f"DELETE FROM {table}" for table in TABLES.split()]  # noqa: S608 - our own list


@pytest.fixture(scope="session")
def launcher_database(platform: Platform) -> Iterator[str]:
    databases = FreshDatabase(platform.postgres)
    made: list[str] = []

    async def make() -> None:
        made.append(await databases("launcher"))

    in_a_thread(make())
    yield made[0]
    in_a_thread(databases.drop())


@pytest.fixture
async def desk(launcher_database: str) -> AsyncIterator[Desk]:
    pool = await database.connect(launcher_database, name="test")
    await pool.execute("; ".join(EMPTY))
    walled = await database.connect(launcher_database, name="test", walled=True)
    desk = Desk(pool, walled)
    await desk.project()
    await desk.scenario()
    desk.emitted.clear()
    yield desk
    await desk.http.aclose()
    await walled.close()
    await pool.close()


@pytest.fixture
async def key(desk: Desk) -> Key:
    made = await desk.key()
    desk.emitted.clear()
    return made
