"""A desk on a database that is made once a run and emptied before each test."""

from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from fastapi import Depends, FastAPI

from executor.api import routes
from integration.executor.asking import KEY, bearer
from integration.executor.desk import Desk
from platform_for_tests import FreshDatabase, Platform, in_a_thread
from runtime import database, problems
from runtime.bodies import demand_readable
from runtime.settings import Settings
from runtime.web import operations


@pytest.fixture(scope="session")
def executor_database(platform: Platform) -> Iterator[str]:
    databases = FreshDatabase(platform.postgres)
    made: list[str] = []

    async def make() -> None:
        made.append(await databases("executor"))

    in_a_thread(make())
    yield made[0]
    in_a_thread(databases.drop())


@pytest.fixture
async def desk(executor_database: str) -> AsyncIterator[Desk]:
    pool = await database.connect(executor_database, name="test")
    await pool.execute(EMPTY)
    walled = await database.connect(executor_database, name="test", walled=True)
    yield Desk(pool, walled)
    assert await pool.fetch(MISCOUNTED) == [], "a cohort's size is how many instances are of it"
    await walled.close()
    await pool.close()


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(dependencies=[Depends(demand_readable)])
    problems.install(app)
    app.state.settings = Settings(token_key=KEY)
    app.include_router(
        routes(
            cast(Any, SimpleNamespace(pool=desk.walled_pool, partitions=8, settings=app.state.settings)), patience=0.1
        )
    )
    app.include_router(operations(SimpleNamespace(walled_pool=desk.walled_pool)))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://executor", headers=bearer("acme")
    ) as client:
        yield client


MISCOUNTED = """
SELECT launch, number, size, (SELECT count(*) FROM process_instance i WHERE i.launch = c.launch AND i.cohort = c.number)
FROM cohort c
WHERE size = 0
   OR size <> (SELECT count(*) FROM process_instance i WHERE i.launch = c.launch AND i.cohort = c.number)
"""

EMPTY = """
TRUNCATE audit_entry, launch, gate, work_order, launch_share, process_instance, cohort, refused_target, recurrence,
         contact_state, pending_update, changes_read, incident, resolution, contact_order, targeting_finished
"""
