"""`messaging.channels`: what messages can go out on."""

from collections.abc import Sequence

from contracts.channels import ChannelSet
from launcher.ports import Channels
from runtime.records import Received
from runtime.transaction import Transaction


class ChannelHandlers:
    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def on_channels(self, tx: Transaction, events: Sequence[Received[ChannelSet]]) -> None:
        for received in events:
            await self._channels.keep(tx.connection, received.event)
