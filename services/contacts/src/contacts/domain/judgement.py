"""Who of a page starts, and why not: the precedence of the outcomes' `<why>`, contact by contact.

Whatever is not decided here (recurrence, consent at the moment of sending) is decided later, by executor and messaging.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from contacts.domain.plan import Message, Plan
from contracts.targets import Snapshot
from contracts.words import Why


@dataclass(frozen=True, slots=True)
class Standing:
    """How n contacts stand: n entries in every list."""

    active: Sequence[bool]
    permitted: Sequence[bool]
    """Within the reach of the scenario's creator."""
    suppressed: Sequence[bool]
    addressed: Sequence[bool]
    """Has an e-mail address."""
    consents: dict[str, list[bool]]
    """By message type; `administrative` needs none."""

    def __len__(self) -> int:
        return len(self.active)


def judge(standing: Standing, deciding: Sequence[Message], *, override: bool) -> list[str | None]:
    """Per contact: why it does not start; None: it starts. `override` lifts consent, nothing else."""
    if not deciding:
        return [None if active else Why.INACTIVE for active in standing.active]
    if _all_start(standing, deciding, override):
        return [None] * len(standing)
    return [_why(standing, index, deciding, override) for index in range(len(standing))]


def _all_start(standing: Standing, deciding: Sequence[Message], override: bool) -> bool:
    """Without looking at each contact: what holds for most pages."""
    message = deciding[0]
    return (
        all(standing.active)
        and all(standing.permitted)
        and not any(standing.suppressed)
        and (not message.needs_address or all(standing.addressed))
        and (override or not message.needs_consent or all(standing.consents[message.message_type]))
    )


def _why(standing: Standing, index: int, deciding: Sequence[Message], override: bool) -> str | None:
    if not standing.active[index]:
        return Why.INACTIVE
    if not standing.permitted[index]:
        return Why.NOT_PERMITTED
    if standing.suppressed[index]:
        return Why.SUPPRESSED
    first = None
    for message in deciding:
        why = _skipped(standing, index, message, override)
        if why is None:
            return None
        first = first or why
    return first


def _skipped(standing: Standing, index: int, message: Message, override: bool) -> str | None:
    if message.needs_address and not standing.addressed[index]:
        return Why.NO_ADDRESS
    if message.needs_consent and not override and not standing.consents[message.message_type][index]:
        return Why.NO_CONSENT
    return None


def lifted(targets: Snapshot, plan: Plan) -> list[list[bool]]:
    """For each message type of `plan.consented`, contact by contact: whether such messages reach it only because
    consent is lifted. Whoever has no address, is suppressed or out of reach gets none all the same."""
    return [_lifted(targets, plan, message_type) for message_type in plan.consented]


def _lifted(targets: Snapshot, plan: Plan, message_type: str) -> list[bool]:
    messages = [each.message for each in plan.sendings if each.message.message_type == message_type]
    addressed = all(message.needs_address for message in messages)
    return [
        permitted and not suppressed and not consent and not (addressed and email is None)
        for permitted, suppressed, consent, email in zip(
            targets.permitted, targets.suppressed, targets.consents[message_type], targets.emails, strict=True
        )
    ]
