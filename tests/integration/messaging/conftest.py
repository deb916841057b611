"""A world on a database of its own, and a provider."""

from collections.abc import AsyncIterator

import pytest

from fakes.mailer import FakeMailer
from integration.messaging.rig import World
from platform_for_tests import FreshDatabase
from runtime import database


@pytest.fixture
async def world(fresh_database: FreshDatabase) -> AsyncIterator[World]:
    url = await fresh_database("messaging")
    pool = await database.connect(url, name="test")
    walled = await database.connect(url, name="test", walled=True)
    yield World(pool, walled)
    await walled.close()
    await pool.close()


@pytest.fixture
def mailer() -> FakeMailer:
    return FakeMailer()
