"""Scenarios, launches, chunks and sends for messaging's tests."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from contracts.changes import Contact, ContactChange
from contracts.launches import All, LaunchControlled, LaunchRequested, Options, ScenarioVersion
from contracts.scenario import EndStep, EndType, Message, Scenario, Sender, SendStep
from contracts.sends import SendsRequested
from contracts.targets import Snapshot
from contracts.words import ControlState, DeliveryState, LaunchMode
from messaging.domain.judgement import ContactState, Standing
from messaging.domain.launches import Launch, Plan
from messaging.domain.sends import SendKey, StoredSend

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PROJECT = "acme"
LAUNCH = "launch-1"
STEP = "hello"
SENDER = Sender(name="Acme", address="news@acme.example")
NEWER = ContactState(deleted=False, active=True, suppressed=False, email="new@x.example", consent={})
"""A contact that has withdrawn its consent."""


def message(**changed: Any) -> Message:
    whole = {"channel": "email", "message_type": "promotional", "subject": "Hi", "text": "Hello"} | changed
    return Message.model_validate(whole)


def plan(*, override: bool = False, context: Mapping[str, Any] | None = None, **changed: Any) -> Plan:
    return Plan(PROJECT, LAUNCH, "spring", 1, SENDER, {STEP: message(**changed)}, context or {}, override)


def launch(gate: ControlState = ControlState.RUNNING, **changed: Any) -> Launch:
    return Launch(plan(**changed), gate)


def requested(
    launch_id: str = LAUNCH,
    *,
    revision: int = 1,
    state: ControlState = ControlState.RUNNING,
    override: bool = False,
    context: dict[str, Any] | None = None,
    sender: Sender | None = SENDER,
    mode: LaunchMode = LaunchMode.LIVE,
    to: str | None = None,
    **changed: Any,
) -> LaunchRequested:
    """A launch of a scenario that sends one message and ends."""
    body = Scenario(
        key="spring",
        name="Spring",
        start=STEP,
        sender=sender,
        steps={STEP: SendStep(send=message(**changed), next="won"), "won": EndStep(end=EndType.SUCCESS)},
    )
    return LaunchRequested(
        project=PROJECT,
        launch_id=launch_id,
        revision=revision,
        state=state,
        version=ScenarioVersion(project=PROJECT, version=1, creator="ann", body=body),
        participants=All(),
        options=Options(consent_override=override, mode=mode, to=to),
        context=context or {},
        launched_by="ann",
        requested_at=NOON,
    )


def controlled(state: ControlState, revision: int = 2, launch_id: str = LAUNCH, *, lifted: int = 0) -> LaunchControlled:
    return LaunchControlled(
        project=PROJECT, launch_id=launch_id, revision=revision, state=state, by="ann", lifted=lifted, at=NOON
    )


def snapshot(
    count: int,
    *,
    first: int = 0,
    revision: int = 1,
    suppressed: Collection[int] = (),
    not_permitted: Collection[int] = (),
    no_email: Collection[int] = (),
    no_consent: Collection[int] = (),
    attributes: Mapping[str, list[Any]] | None = None,
) -> Snapshot:
    """Contacts c-0, c-1, …: all in good standing but for those named by number."""
    numbers = range(first, first + count)
    return Snapshot(
        contact_ids=[f"c-{number}" for number in numbers],
        revisions=[revision] * count,
        emails=[None if number in no_email else f"c-{number}@x.example" for number in numbers],
        zones=["Europe/Vienna"] * count,
        attributes=dict(attributes or {}),
        consents={"promotional": [number not in no_consent for number in numbers]},
        suppressed=[number in suppressed for number in numbers],
        permitted=[number not in not_permitted for number in numbers],
    )


def chunk(targets: Snapshot | int = 1, launch_id: str = LAUNCH, *, occurrence: int = 1) -> SendsRequested:
    targets = snapshot(targets) if isinstance(targets, int) else targets
    return SendsRequested(
        project=PROJECT,
        launch_id=launch_id,
        step=STEP,
        occurrences=[occurrence] * len(targets.contact_ids),
        targets=targets,
        at=NOON,
    )


def change(
    contact_id: str, revision: int = 2, *, suppressed: bool = False, deleted: bool = False, **contact: Any
) -> ContactChange:
    """The contact as it is now: by default reachable and consenting."""
    whole = {"email": f"{contact_id}@x.example", "consent": {"promotional": True}} | contact
    return ContactChange(
        contact_id=contact_id,
        revision=revision,
        contact=None if deleted else Contact(id=contact_id, **whole),
        suppressed=suppressed,
        cause=f"cause-{contact_id}-{revision}",
    )


def key(contact_id: str = "c-0", launch_id: str = LAUNCH, occurrence: int = 1) -> SendKey:
    return SendKey(launch_id, contact_id, STEP, occurrence)


def stored(
    state: DeliveryState = DeliveryState.PLANNED,
    *,
    attempts: int = 0,
    dot_epoch: int | None = None,
    standing: Standing | None = None,
    newer: ContactState | None = None,
) -> StoredSend:
    fine = Standing(permitted=True, suppressed=False, email="c-0@x.example", consented=True)
    return StoredSend(key(), state, attempts, dot_epoch, standing or fine, newer)
