"""A desk on a database of its own."""

from collections.abc import AsyncIterator

import pytest

from integration.executor.desk import Desk
from platform_for_tests import FreshDatabase
from runtime import database


@pytest.fixture
async def desk(fresh_database: FreshDatabase) -> AsyncIterator[Desk]:
    pool = await database.connect(await fresh_database("executor"), name="test")
    yield Desk(pool)
    await pool.close()
