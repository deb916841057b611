"""contacts with a fresh database of its own."""

from collections.abc import AsyncIterator

import pytest

from integration.contacts.world import World
from platform_for_tests import FreshDatabase
from runtime import database


@pytest.fixture
async def world(fresh_database: FreshDatabase) -> AsyncIterator[World]:
    url = await fresh_database("contacts")
    pool = await database.connect(url, name="test", size=4)
    walled = await database.connect(url, name="test", walled=True)
    yield World(pool, walled)
    await walled.close()
    await pool.close()
