"""What each event of each stream means to log: one table from event to facts, chunk and endings."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.columns import unfolded
from contracts.deliveries import ContactsReported, DeliveriesRecorded, LaunchHeld
from contracts.event import Event
from contracts.launches import LaunchControlled, LaunchRequested
from contracts.outcomes import (
    IncidentsClosed,
    IncidentsOpened,
    OrdersCarriedOut,
    StepsCounted,
    StepsPassed,
    TargetsEnded,
    TargetsRefused,
    TargetsStarted,
)
from contracts.scenario import BranchStep, EndStep, Otherwise, SendStep, SplitStep, Step, WaitStep, WaitUntilStep
from contracts.targets import LaunchOpened, TargetingFinished, TargetsAdmitted, TargetsExcluded
from contracts.words import LaunchMode
from log.domain import facts
from log.domain.chunks import Chunk, Kind, delivery_chunk, way_chunk
from log.domain.controls import Control, controls
from log.domain.endings import Endings, endings
from log.domain.facts import Fact
from log.domain.launch import Request


@dataclass(frozen=True, slots=True)
class Reading:
    """What one record says about one launch.

    `facts` are told to the launch at once; but with a `chunk` only if that chunk is new. `endings` become facts by
    the rows that they really make; `targets` says that those rows are targets not heard of before.
    """

    launch_id: str
    project: str
    facts: tuple[Fact, ...] = ()
    chunk: Chunk | None = None
    endings: Endings | None = None
    targets: bool = False
    steps: StepsCounted | None = None
    controls: Sequence[Control] = ()


def read(event: Event, event_id: str, written_at: datetime) -> Reading | None:
    """`written_at`: of the record, for an event that says no time. None: nothing about one launch."""
    match event:
        case LaunchRequested():
            control = facts.Controlled(event.state, event.revision)
            request = Request(event.launched_by, event.command_id, event.command_source)
            reading = _reading(event, _described(event), facts.Requested(request), control)
            return replace(reading, controls=controls(event, event_id))
        case LaunchControlled():
            reading = _reading(event, facts.Controlled(event.state, event.revision, event.lifted))
            return replace(reading, controls=controls(event, event_id))
        case LaunchOpened():
            return _reading(event, _described(event), facts.Opened())
        case TargetsAdmitted():
            contact_ids = event.targets.contact_ids
            chunk = Chunk(event_id, event.launch_id, event.project, Kind.ADMITTED, written_at, contact_ids)
            return _chunk(chunk, facts.Targeted(len(contact_ids)))
        case TargetsExcluded():
            return replace(_kept_out(event, event_id), endings=endings(event, event_id), targets=True)
        case TargetingFinished():
            return _reading(event, facts.TargetingEnded(event.total, event.failed))
        case TargetsStarted():
            chunk = Chunk(event_id, event.launch_id, event.project, Kind.STARTED, event.at, event.contact_ids)
            return _chunk(chunk, facts.Started(len(event.contact_ids)))
        case TargetsRefused():
            return replace(_kept_out(event, event_id), endings=endings(event, event_id))
        case TargetsEnded():
            return Reading(event.launch_id, event.project, endings=endings(event, event_id))
        case StepsPassed():
            return _chunk(way_chunk(event, event_id))
        case StepsCounted():
            return Reading(event.launch_id, event.project, steps=event)
        case IncidentsOpened():
            return _chunk(_incidents(event, event_id))
        case IncidentsClosed():
            return _chunk(Chunk(event_id, event.launch_id, event.project, Kind.RESOLVED, event.at, event.contact_ids))
        case OrdersCarriedOut():
            return _chunk(_orders(event, event_id))
        case DeliveriesRecorded():
            return _chunk(delivery_chunk(event, event_id), facts.Delivered(_delivered(event)))
        case ContactsReported():
            return _unsubscribed(event, event_id)
        case LaunchHeld():
            return _reading(event, facts.Held(event.reason, event.number))
        case _:
            return None


def _reading(
    event: LaunchRequested | LaunchControlled | LaunchOpened | TargetingFinished | LaunchHeld, *told: Fact
) -> Reading:
    return Reading(event.launch_id, event.project, facts=told)


def _chunk(chunk: Chunk, *told: Fact) -> Reading:
    return Reading(chunk.launch_id, chunk.project, facts=told, chunk=chunk)


def _described(event: LaunchRequested | LaunchOpened) -> facts.Described:
    version, mode = event.version, event.options.mode
    steps = version.body.steps
    return facts.Described(
        version.key,
        version.version,
        event.requested_at,
        event.retry_of,
        mode,
        ends=tuple(name for name, step in steps.items() if isinstance(step, EndStep)),
        steps=tuple(steps),
        sends=tuple(name for name, step in steps.items() if isinstance(step, SendStep)),
        arms={name: arms for name, step in steps.items() if (arms := _arms(step))},
        waits=mode is LaunchMode.LIVE and any(isinstance(step, WaitStep | WaitUntilStep) for step in steps.values()),
    )


def _arms(step: Step) -> tuple[str, ...]:
    """Where a branch or split leads, each once; empty: it is neither."""
    match step:
        case BranchStep():
            leads = [arm.otherwise if isinstance(arm, Otherwise) else arm.next for arm in step.branch]
        case SplitStep():
            leads = [share.next for share in step.split]
        case _:
            leads = []
    return tuple(dict.fromkeys(leads))


def _kept_out(event: TargetsExcluded | TargetsRefused, event_id: str) -> Reading:
    said = event.reasons[:1] if len(set(event.reasons)) == 1 else event.reasons
    return _chunk(Chunk(event_id, event.launch_id, event.project, Kind.KEPT_OUT, event.at, event.contact_ids, said))


def _orders(event: OrdersCarriedOut, event_id: str) -> Chunk:
    said = [f"{kind}:{result}:{by}" for kind, result, by in zip(event.kinds, event.results, event.by, strict=True)]
    return Chunk(event_id, event.launch_id, event.project, Kind.ORDER, event.at, event.contact_ids, said)


def _unsubscribed(event: ContactsReported, event_id: str) -> Reading | None:
    """Of bounces and complaints the deliveries tell; of a click on what is withdrawn already, nothing has to be."""
    known = unfolded(event.known or (False,), len(event.kinds))
    places = [place for place, kind in enumerate(event.kinds) if kind == "withdrawn" and not known[place]]
    if not places:
        return None
    contact_ids = [event.contact_ids[place] for place in places]
    said = [event.message_types[place] for place in places]
    return _chunk(Chunk(event_id, event.launch_id, event.project, Kind.UNSUBSCRIBED, event.at, contact_ids, said))


def _incidents(event: IncidentsOpened, event_id: str) -> Chunk:
    said = [f"{step}: {detail}" for step, detail in zip(event.steps, event.details, strict=True)]
    return Chunk(event_id, event.launch_id, event.project, Kind.INCIDENT, event.at, event.contact_ids, said)


def _delivered(event: DeliveriesRecorded) -> Mapping[str, int]:
    change = Counter(event.states)
    change.subtract(state for state in event.previous if state is not None)
    return {state.value: count for state, count in change.items()}
