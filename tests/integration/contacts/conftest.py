"""contacts with a fresh database of its own."""

from collections.abc import AsyncIterator

import pytest

from integration.contacts.world import World
from platform_for_tests import FreshDatabase
from runtime import database


@pytest.fixture
async def world(fresh_database: FreshDatabase) -> AsyncIterator[World]:
    pool = await database.connect(await fresh_database("contacts"), name="test", size=4)
    yield World(pool)
    await pool.close()
