"""`contacts.targets`: whom a launch targets, in chunks of one launch and one partition. Key: launch id.

A chunk is columnar: every list of a Snapshot has one entry per contact, in the order of `contact_ids`.
"""

from datetime import datetime
from typing import Any, ClassVar

from contracts.event import Event, Value
from contracts.launches import Options, ScenarioVersion


class Snapshot(Value):
    """What is known of n contacts: n entries in every list. Carries what the scenario version reads, no more."""

    contact_ids: list[str]
    revisions: list[int]
    """Of the contact; a ContactsChanged with a higher one supersedes this."""
    emails: list[str | None]
    zones: list[str | None]
    attributes: dict[str, list[Any]]
    """By name; null where the contact has none."""
    consents: dict[str, list[bool]]
    """By message type the version sends; False where there is no entry (`administrative` is always True)."""
    suppressed: list[bool]
    permitted: list[bool]
    """Within the reach of the scenario's creator; of this launch, never overwritten by a later change."""
    groups: list[list[str]] | None = None
    """Only where a condition or template of the version reads them."""
    phones: list[str | None] | None = None
    """Likewise."""
    active: list[bool] | None = None
    """Only where somebody is not: of a test's contact, or who became so on the way."""
    consent_entries: dict[str, list[bool | None]] | None = None
    """Only where they are read: by message type, as conditions see `contact.consent`, null where there is no entry."""


class LaunchOpened(Event):
    """By contacts, before the first chunk on a partition: the immutable part of the launch. Opens no gate."""

    TYPE: ClassVar[str] = "com.slipway.launch-opened.v1"
    project: str
    launch_id: str
    version: ScenarioVersion
    options: Options
    context: dict[str, Any]
    retry_of: str | None = None
    requested_at: datetime


class TargetsAdmitted(Event):
    """By contacts, at most 3,000 contacts: executor starts an instance for each, recurrence permitting."""

    TYPE: ClassVar[str] = "com.slipway.targets-admitted.v1"
    project: str
    launch_id: str
    targets: Snapshot


class TargetsExcluded(Event):
    """By contacts, at most 3,000 contacts that do not start. `reasons[i]` is a `<why>`, `stopped` or `deleted`."""

    TYPE: ClassVar[str] = "com.slipway.targets-excluded.v1"
    project: str
    launch_id: str
    contact_ids: list[str]
    reasons: list[str]
    at: datetime


class TargetingFinished(Event):
    """By contacts, last, on the home partition and every partition that got a chunk. `total` is the launch's."""

    TYPE: ClassVar[str] = "com.slipway.targeting-finished.v1"
    project: str
    launch_id: str
    total: int
    failed: str | None = None
    """Why targeting could not go on (group gone …): the launch ends `failed`, `total` is what was paged."""
    at: datetime
