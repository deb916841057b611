"""What messaging knows of a launch: the immutable part that LaunchRequested brought, and its gate."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.scenario import Message, Sender
from contracts.words import ControlState, LaunchMode
from messaging.domain.bounds import Bounds
from messaging.domain.judgement import ADMINISTRATIVE, STOPPED, Kept, Standing, judge


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
    """What the version plans; None: nobody counts (a rehearsal, a launch from before anybody did)."""
    mode: LaunchMode = LaunchMode.LIVE
    recipient: str | None = None
    """Of a test: who gets all of its mails."""

    def is_marketing(self, step: str) -> bool:
        """Whether the step's message needs consent."""
        return self.messages[step].message_type != ADMINISTRATIVE

    def judge(self, standing: Standing, step: str, gate: ControlState) -> Kept | None:
        """As `judgement.judge`; of a test nobody is asked but the gate, for the contact gets nothing."""
        if self.mode is LaunchMode.TEST:
            return STOPPED if gate is ControlState.STOPPED else None
        return judge(standing, self.messages[step], gate, self.consent_override)


@dataclass(frozen=True, slots=True)
class Launch:
    """A launch as one transaction sees it."""

    plan: Plan
    gate: ControlState
