"""What a scenario version needs to know of a contact, and which of its messages decide whether it starts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from contracts.scenario import (
    BranchStep,
    Scenario,
    SendStep,
    SplitStep,
    StartScenarioStep,
    Step,
    UpdateContactStep,
    WaitStep,
    WaitUntilStep,
    WebhookStep,
    When,
)
from contracts.words import StepName

ALWAYS_CONSENTED = "administrative"
Path = tuple[str, ...]
"""What a condition or template reads, in pieces: `("contact", "attributes", "score")`."""


@dataclass(frozen=True, slots=True)
class Reads:
    """Columns of the snapshots that a version makes necessary; ids, revisions and `suppressed` always travel."""

    emails: bool = False
    zones: bool = False
    phones: bool = False
    groups: bool = False
    attributes: tuple[str, ...] = ()
    """By name, in byte order."""
    consents: tuple[str, ...] = ()
    """Message types that are sent or read, likewise."""
    consent_entries: tuple[str, ...] = ()
    """Those of them that are read."""
    all_attributes: bool = False
    """A condition or template computes the name: whatever the contacts have."""
    all_consents: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """What a `send` step needs of a contact."""

    needs_address: bool
    message_type: str

    @property
    def needs_consent(self) -> bool:
        return self.message_type != ALWAYS_CONSENTED


@dataclass(frozen=True, slots=True)
class Sending:
    """A `send` step of a scenario."""

    step: StepName
    channel: str
    message: Message


@dataclass(frozen=True, slots=True)
class Plan:
    reads: Reads
    deciding: tuple[Message, ...]
    """Messages on the way, first to last, if a contact that gets none of them is not to start; else empty."""
    consented: tuple[str, ...] = ()
    """Message types sent that need consent, in byte order."""
    sendings: tuple[Sending, ...] = ()
    """On the way, first to last, each step once."""


def plan(scenario: Scenario, paths: Iterable[Path]) -> Plan:
    """`paths`: what the scenario's conditions and templates read."""
    sent = {step.send.message_type for step in scenario.steps.values() if isinstance(step, SendStep)}
    return Plan(
        reads=_reads(scenario, set(paths)),
        deciding=_deciding(scenario),
        consented=tuple(sorted(sent - {ALWAYS_CONSENTED})),
        sendings=tuple(_sendings(scenario)),
    )


def _reads(scenario: Scenario, paths: set[Path]) -> Reads:
    sends = [step.send for step in scenario.steps.values() if isinstance(step, SendStep)]
    return Reads(
        emails=any(send.channel == "email" for send in sends) or _touches(paths, "email"),
        zones=any(_in_zone(step) for step in scenario.steps.values()) or _touches(paths, "zone"),
        phones=_touches(paths, "phone"),
        groups=_touches(paths, "groups"),
        attributes=_names(paths, "attributes"),
        consents=tuple(sorted({*_names(paths, "consent"), *(send.message_type for send in sends)})),
        consent_entries=_names(paths, "consent"),
        all_attributes=_whole(paths, "attributes"),
        all_consents=_whole(paths, "consent"),
    )


def _touches(paths: set[Path], name: str) -> bool:
    return ("contact",) in paths or any(path[:2] == ("contact", name) for path in paths)


def _whole(paths: set[Path], name: str) -> bool:
    return ("contact",) in paths or ("contact", name) in paths


def _names(paths: set[Path], name: str) -> tuple[str, ...]:
    """Entries of `contact.<name>` that are read by their names."""
    return tuple(sorted({path[2] for path in paths if path[:2] == ("contact", name) and len(path) > 2}))


def _in_zone(step: Step) -> bool:
    return isinstance(step, WaitStep) and (step.wait.until is not None or step.wait.window is not None)


def _deciding(scenario: Scenario) -> tuple[Message, ...]:
    acting = [
        step
        for step in map(scenario.steps.__getitem__, _on_the_way(scenario))
        if isinstance(step, SendStep | WebhookStep | UpdateContactStep | StartScenarioStep)
    ]
    sends = [step for step in acting if isinstance(step, SendStep) and step.on_skipped is None]
    if len(sends) < len(acting):
        return ()
    return tuple(dict.fromkeys(map(_message, sends)))


def _sendings(scenario: Scenario) -> Iterator[Sending]:
    for name in _on_the_way(scenario):
        step = scenario.steps[name]
        if isinstance(step, SendStep):
            yield Sending(name, step.send.channel, _message(step))


def _message(step: SendStep) -> Message:
    return Message(step.send.channel == "email", step.send.message_type)


def _on_the_way(scenario: Scenario) -> list[StepName]:
    """Steps from the start on, each once: main path before side paths, first arm before the second."""
    found: dict[StepName, None] = {}
    ahead = [scenario.start]
    while ahead:
        name = ahead.pop()
        if name in scenario.steps and name not in found:
            found[name] = None
            ahead.extend(reversed(list(_following(scenario.steps[name]))))
    return list(found)


def _following(step: Step) -> Iterator[StepName]:
    match step:
        case BranchStep():
            yield from (arm.next if isinstance(arm, When) else arm.otherwise for arm in step.branch)
        case SplitStep():
            yield from (share.next for share in step.split)
        case WaitUntilStep():
            yield from (step.next, step.on_timeout)
        case _:
            ways = (getattr(step, way, None) for way in ("next", "on_skipped", "on_failure", "on_unknown"))
            yield from (way for way in ways if way is not None)
