"""messaging killed at each point of a hand-over, on real servers: nothing lost, nothing twice, unknown is honest."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contracts.targets import TargetsAdmitted
from integration.messaging.outside import CONNECTIONS, LOAD, TOPICS, Outside
from platform_for_tests import FreshDatabase, FreshTopics, Platform
from unit.messaging.builders import LAUNCH, PROJECT, chunk, requested, snapshot

PARTITIONS = 2
COUNT = 60
MOST = CONNECTIONS * LOAD
"""So many mails can be between `dot` and recorded answer."""
ENDS = ("accepted", "unknown")


@pytest.fixture
async def outside(
    platform: Platform, fresh_database: FreshDatabase, fresh_topics: FreshTopics, tmp_path: Path
) -> AsyncIterator[Outside]:
    prefix = await fresh_topics(*TOPICS, partitions=PARTITIONS)
    await fresh_database("messaging")
    async with Outside(platform.kafka, fresh_database.template, prefix, PARTITIONS, tmp_path) as outside:
        for number in range(PARTITIONS):
            targets = snapshot(COUNT // PARTITIONS, first=number * COUNT)
            admitted = TargetsAdmitted(project=PROJECT, launch_id=LAUNCH, targets=targets)
            await outside.send("contacts.targets", number, admitted, f"targets-{number}")
            await outside.send("executor.sends", number, chunk(targets), f"chunk-{number}")
        await outside.send("launcher.launches", 1, requested(), "launch")
        yield outside


async def check(outside: Outside) -> None:
    """The ledger of the mail server against what was told: I6 and I7."""
    taken = outside.taken()
    assert [id for id, times in taken.items() if times > 1] == []
    accepted = {key.send_id for key, state in outside.told.items() if state == "accepted"}
    unknown = {key.send_id for key, state in outside.told.items() if state == "unknown"}
    assert len(accepted | unknown) == COUNT
    assert accepted <= set(taken) <= accepted | unknown
    assert len(unknown) <= MOST


@pytest.mark.parametrize(
    ("failpoint", "unknown"),
    [
        ("messaging.claimed:kill:2", range(MOST + 1)),
        ("messaging.offered:kill:9", range(MOST + 1)),
        ("messaging.before_record:kill:3", range(MOST + 1)),
        ("messaging.dot_committed:kill:9", range(1, MOST + 1)),
        ("messaging.message_written:kill:9", range(1, MOST + 1)),
        ("messaging.answered:kill:9", range(1, MOST + 1)),
        ("stream.committed:kill:6", range(MOST + 1)),
    ],
)
async def test_killed_there_and_started_again(outside: Outside, failpoint: str, unknown: range) -> None:
    async with outside.process(failpoint) as first:
        assert await asyncio.wait_for(first.wait(), 40) == -signal.SIGKILL
    async with outside.process():
        await outside.until(COUNT, ENDS)
    await check(outside)
    assert sum(state == "unknown" for state in outside.told.values()) in unknown


async def test_restarted_in_good_order_nothing_is_unknown(outside: Outside) -> None:
    for taken in (5, 20, 40):
        async with outside.process() as process:
            await outside.until_taken(taken)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 40) == 0
    async with outside.process():
        await outside.until(COUNT, ENDS)
    await check(outside)
    assert set(outside.told.values()) == {"accepted"}


async def test_frozen_until_another_process_has_taken_over(outside: Outside) -> None:
    """Thawed, the first one finds that it owns nothing any more, and sends nothing."""
    async with outside.process("messaging.dot_committed:freeze=14:9", SLIPWAY_SLOT="a") as first:
        await outside.until(5, ("accepted", "sending"))
        async with outside.process(SLIPWAY_SLOT="b"):
            await outside.until(COUNT, ENDS)
            await asyncio.sleep(15)
            assert first.returncode is None
            await outside.read()
    await check(outside)
