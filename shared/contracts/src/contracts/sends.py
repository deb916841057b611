"""`executor.sends`: messages that instances ask for, in chunks of one launch, step and partition. Key: launch id."""

from datetime import datetime
from typing import ClassVar

from contracts.event import Event
from contracts.targets import Snapshot


class SendsRequested(Event):
    """By executor, when instances reach a `send` step. One send is (launch, contact, step, occurrence)."""

    TYPE: ClassVar[str] = "com.slipway.sends-requested.v1"
    project: str
    launch_id: str
    step: str
    occurrences: list[int]
    """Per contact: how many times it has come to this step, from 1."""
    targets: Snapshot
    at: datetime


class SendsWithdrawn(Event):
    """By executor, behind the SendsRequested of these contacts: what is not handed over yet is not sent any more."""

    TYPE: ClassVar[str] = "com.slipway.sends-withdrawn.v1"
    project: str
    launch_id: str
    contact_ids: list[str]
    reason: str
    """What the cancelled deliveries say: `removed`."""
    at: datetime
