"""The scenario file: what a marketer writes, and what a launch carries along unchanged.

These models hold the shape only. Whether the graph makes sense (every path ends, nothing unreachable, no dead
reference, templates and conditions compile) is judged by launcher, which answers with validation points.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag

from contracts.words import Name, Recurrence, StepName

Duration = Annotated[str, StringConstraints(pattern=r"^(\d{1,6}(s|m|h|d))+$")]
"""`30m`, `2d`, `1d12h`; 1d is 24 hours."""

Cel = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
"""A CEL expression over `contact` and `context`."""


class Part(BaseModel):
    """A piece of a scenario file. Unknown fields are refused: a typing error must not be silent."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LaunchType(StrEnum):
    MANUAL = "manual"
    TRIGGERED = "triggered"
    SCHEDULED = "scheduled"


class EndType(StrEnum):
    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"
    ABANDON = "abandon"


class Sender(Part):
    name: str = Field(max_length=200)
    address: str = Field(max_length=254)


class Trigger(Part):
    event: str | None = None
    changed: str | None = None
    when: Cel | None = None


class Schedule(Part):
    at: str | None = None
    cron: str | None = None
    zone: str | None = None


class ExitWhen(Part):
    if_: Cel = Field(alias="if")
    end: EndType

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


class Message(Part):
    """What a `send` step sends. `subject` and `html` are for e-mail only."""

    channel: Literal["email", "sms", "webhook", "discard"]
    message_type: Name
    subject: str | None = Field(default=None, max_length=998)
    text: str | None = None
    html: str | None = None


class SendStep(Part):
    send: Message
    next: StepName
    on_skipped: StepName | None = None
    on_failure: StepName | None = None
    on_unknown: StepName | None = None


class Window(Part):
    days: list[str]
    from_: str = Field(alias="from")
    to: str

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


class Wait(Part):
    """Exactly one of the three."""

    for_: Duration | None = Field(default=None, alias="for")
    until: str | None = None
    window: Window | None = None

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


class WaitStep(Part):
    wait: Wait
    next: StepName


class WaitUntil(Part):
    event: str | None = None
    when: Cel | None = None
    timeout: Duration


class WaitUntilStep(Part):
    wait_until: WaitUntil
    next: StepName
    on_timeout: StepName


class When(Part):
    when: Cel
    next: StepName


class Otherwise(Part):
    otherwise: StepName


def _arm(value: Any) -> str:
    keys = value if isinstance(value, dict) else getattr(value, "model_fields", ())
    return "otherwise" if "otherwise" in keys else "when"


Arm = Annotated[Annotated[When, Tag("when")] | Annotated[Otherwise, Tag("otherwise")], Discriminator(_arm)]


class BranchStep(Part):
    """The first arm whose condition holds is taken; the last one is `otherwise`."""

    branch: list[Arm] = Field(min_length=1, max_length=64)


class Share(Part):
    weight: int = Field(ge=0, le=1_000_000)
    next: StepName


class SplitStep(Part):
    """Weighted, and deterministic per contact: the same contact takes the same way again."""

    split: list[Share] = Field(min_length=1, max_length=64)


class UpdateContact(Part):
    set: dict[str, Any] = Field(min_length=1, max_length=64)


class UpdateContactStep(Part):
    update_contact: UpdateContact
    next: StepName


class Webhook(Part):
    url: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"


class WebhookStep(Part):
    webhook: Webhook
    next: StepName
    on_failure: StepName | None = None


class StartScenarioStep(Part):
    start_scenario: Name
    next: StepName


class EndStep(Part):
    end: EndType


_KINDS = ("send", "wait", "wait_until", "branch", "split", "update_contact", "webhook", "start_scenario", "end")


def _kind(value: Any) -> str | None:
    if isinstance(value, dict):
        return next((kind for kind in _KINDS if kind in value), None)
    return next((kind for kind in _KINDS if hasattr(value, kind)), None)


Step = Annotated[
    Annotated[SendStep, Tag("send")]
    | Annotated[WaitStep, Tag("wait")]
    | Annotated[WaitUntilStep, Tag("wait_until")]
    | Annotated[BranchStep, Tag("branch")]
    | Annotated[SplitStep, Tag("split")]
    | Annotated[UpdateContactStep, Tag("update_contact")]
    | Annotated[WebhookStep, Tag("webhook")]
    | Annotated[StartScenarioStep, Tag("start_scenario")]
    | Annotated[EndStep, Tag("end")],
    Discriminator(
        _kind,
        custom_error_type="step_kind",
        custom_error_message=f"a step has exactly one of: {', '.join(_KINDS)}",
    ),
]


class Scenario(Part):
    """One scenario file."""

    key: Name
    name: str = Field(min_length=1, max_length=200)
    launch: LaunchType = LaunchType.MANUAL
    trigger: Trigger | None = None
    manual_start_allowed: bool = False
    schedule: Schedule | None = None
    recurrence: Recurrence = Recurrence.ONCE
    sender: Sender | None = None
    context: dict[Name, Literal["string", "number", "boolean"]] = Field(default_factory=dict)
    exit_when: ExitWhen | None = None
    start: StepName
    steps: dict[StepName, Step] = Field(min_length=1, max_length=500)
