"""`messaging.channels` (compacted): which channels a project can send on."""

from typing import ClassVar

from contracts.event import Event


class ChannelSet(Event):
    """Key `channel/<name>`. By messaging, when it starts and when the configuration changed."""

    TYPE: ClassVar[str] = "com.slipway.channel-set.v1"
    channel: str
    revision: int
    configured: bool
