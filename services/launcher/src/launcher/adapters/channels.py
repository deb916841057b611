"""What messaging can send on, in PostgreSQL."""

from contracts.channels import ChannelSet
from runtime.transaction import Connection


class PostgresChannels:
    async def keep(self, connection: Connection, channel: ChannelSet) -> None:
        await connection.execute(
            "INSERT INTO channel (channel, revision, configured) VALUES ($1, $2, $3)"
            " ON CONFLICT (channel) DO UPDATE SET revision = excluded.revision, configured = excluded.configured"
            " WHERE channel.revision < excluded.revision",
            channel.channel,
            channel.revision,
            channel.configured,
        )

    async def missing(self, connection: Connection) -> frozenset[str]:
        rows = await connection.fetch("SELECT channel FROM channel WHERE NOT configured")
        return frozenset(row["channel"] for row in rows)
