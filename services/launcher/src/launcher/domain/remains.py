"""What a launch had done, and what was left of it, when somebody stopped it: from the newest figures."""

from dataclasses import dataclass

from contracts.words import BY_STOP, Outcome
from launcher.domain.launch import Launch


@dataclass(frozen=True, slots=True)
class Remains:
    done: dict[str, int]
    """Targets by outcome, without those that the stop ended: they stay as they are."""
    in_flight: int
    """Messages that the provider has in hand: they come to their end."""
    to_cancel: int
    """Targets that are in progress, and those expected that are not chosen yet."""


def remains(launch: Launch) -> Remains:
    figures = launch.figures or {}
    ended = {outcome: int(figures.get(outcome, 0)) for outcome in Outcome}
    reasons = figures.get("by_reason") or {}
    # Who stops a launch again has targets in the figures that the stop itself ended.
    done = {outcome.value: count - int(reasons.get(BY_STOP.get(outcome), 0)) for outcome, count in ended.items()}
    targeted = int(figures.get("targeted", 0))
    expected = 0 if figures.get("targeting") == "finished" else launch.targeted_expected or 0
    return Remains(
        done=done,
        in_flight=int((figures.get("deliveries") or {}).get("sending", 0)),
        to_cancel=max(targeted, expected) - sum(ended.values()),
    )
