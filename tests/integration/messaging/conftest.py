"""A world on a database of its own, and a provider."""

from collections.abc import AsyncIterator

import pytest

from fakes.mailer import FakeMailer
from integration.messaging.rig import World
from platform_for_tests import FreshDatabase
from runtime import database


@pytest.fixture
async def world(fresh_database: FreshDatabase) -> AsyncIterator[World]:
    pool = await database.connect(await fresh_database("messaging"), name="test")
    yield World(pool)
    await pool.close()


@pytest.fixture
def mailer() -> FakeMailer:
    return FakeMailer()
