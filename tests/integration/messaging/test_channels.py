"""What is told of the channels when a process starts."""

from contracts.channels import ChannelSet
from fakes.transaction import FakeTransaction
from integration.messaging.rig import World
from messaging.adapters.channels import announce
from runtime.partitions import partition_of


async def told(world: World, **configured: bool) -> list[tuple[str, int, bool]]:
    async with world.pool.acquire() as connection, connection.transaction():
        tx = FakeTransaction(number=None, connection=connection)
        await announce(tx, configured)
    events = []
    for outgoing in tx.emitted:
        assert isinstance(outgoing.event, ChannelSet)
        assert outgoing.key == f"channel/{outgoing.event.channel}"
        assert outgoing.partition == partition_of(outgoing.key, 8)
        events.append((outgoing.event.channel, outgoing.event.revision, outgoing.event.configured))
    return events


async def test_a_channel_is_told_when_it_is_new_or_has_changed(world: World) -> None:
    assert await told(world, discard=True, email=False) == [("discard", 1, True), ("email", 1, False)]
    assert await told(world, discard=True, email=False) == []
    assert await told(world, discard=True, email=True) == [("email", 2, True)]
