"""What messaging knows of a launch: the immutable part that LaunchRequested brought, and its gate."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.scenario import Message, Sender
from contracts.words import ControlState
from messaging.domain.bounds import Bounds
from messaging.domain.judgement import ADMINISTRATIVE


@dataclass(frozen=True, slots=True)
class Plan:
    """The immutable part."""

    project: str
    launch_id: str
    scenario: str
    version: int
    sender: Sender | None
    messages: Mapping[str, Message]
    """By send step."""
    context: Mapping[str, Any]
    consent_override: bool
    trace: str | None = None
    bounds: Bounds | None = None
    """What the version plans; None: the launch is from before anybody counted."""

    def is_marketing(self, step: str) -> bool:
        """Whether the step's message needs consent."""
        return self.messages[step].message_type != ADMINISTRATIVE


@dataclass(frozen=True, slots=True)
class Launch:
    """A launch as one transaction sees it."""

    plan: Plan
    gate: ControlState
