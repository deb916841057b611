"""Which channels are configured, told on `messaging.channels` when that has changed."""

from contracts.channels import ChannelSet
from runtime.ids import derive
from runtime.partitions import partition_of
from runtime.records import Outgoing
from runtime.transaction import Transaction


async def announce(tx: Transaction, configured: dict[str, bool]) -> None:
    """By channel. Idempotent: what is known already is not told again."""
    for channel, here in sorted(configured.items()):
        revision = await tx.connection.fetchval(
            "INSERT INTO channel (channel, revision, configured) VALUES ($1, 1, $2)"
            " ON CONFLICT (channel) DO UPDATE SET revision = channel.revision + 1, configured = excluded.configured"
            " WHERE channel.configured <> excluded.configured RETURNING revision",
            channel,
            here,
        )
        if revision is not None:
            key = f"channel/{channel}"
            tx.emit(
                Outgoing(
                    topic="messaging.channels",
                    partition=partition_of(key, tx.partitions),
                    key=key,
                    event=ChannelSet(channel=channel, revision=revision, configured=here),
                    id=derive(key, revision),
                )
            )
