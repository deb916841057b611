"""One console and its services for a test."""

from collections.abc import AsyncIterator

import pytest

from integration.console.world import World, standing


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with standing() as world:
        yield world
