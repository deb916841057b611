"""What a launch had done, and what was left of it, when somebody stopped it: from the newest figures."""

from dataclasses import dataclass

from contracts.words import Outcome, not_by_stop
from launcher.domain.launch import Launch


@dataclass(frozen=True, slots=True)
class Remains:
    done: dict[str, int]
    """Targets by outcome: they stay as they are. Who stops a launch again has others that the stop itself ended."""
    in_flight: int
    """Messages that the provider has in hand: they come to their end."""
    to_cancel: int
    """Targets that are in progress, and those expected that are not chosen yet."""


def remains(launch: Launch) -> Remains:
    figures = launch.figures or {}
    ended = sum(int(figures.get(outcome, 0)) for outcome in Outcome)
    targeted = int(figures.get("targeted", 0))
    expected = 0 if figures.get("targeting") == "finished" else launch.targeted_expected or 0
    return Remains(
        done=not_by_stop(figures),
        in_flight=int((figures.get("deliveries") or {}).get("sending", 0)),
        to_cancel=max(targeted, expected) - ended,
    )
