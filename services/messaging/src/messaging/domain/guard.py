"""The blast guard: what one partition's share of a launch may send, and what was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from contracts.words import DeliveryState
from messaging.domain.bounds import Bounds
from messaging.domain.judgement import Kept

OVER_PLAN = Kept(DeliveryState.HELD, "over_plan")
"""The launch would send more than planned. Until a person resumes it (then it goes out) or stops it."""
CONTACTS_BEHIND = Kept(DeliveryState.HELD, "contacts_behind")
"""What contacts said of late has not been read: a withdrawal may be among it. Until it has been."""


class Taken(StrEnum):
    """What became of a chunk of sends."""

    DONE = "done"
    WAIT = "wait"
    """It has to wait: `discard` is accepted here and now, so not under a paused gate."""
    SUSPECT = "suspect"
    """It seems more than planned: for the guard to judge once all targets are read."""


@dataclass(frozen=True, slots=True)
class Share:
    """One partition's part of one launch."""

    admitted: int = 0
    """Targets of the partition, as contacts told."""
    asked: Mapping[str, int] = field(default_factory=dict)
    """Sends that executor asked for, by step; each once, whatever became of it."""
    surplus: Mapping[str, int] = field(default_factory=dict)
    """Of these, by step, what was more than planned: held, and let go by nobody but a person. It uses up no plan."""
    allowed: Mapping[str, int] = field(default_factory=dict)
    """How often a contact may come to a step by now, where a person let go more than the version's bound."""

    def counted(self, step: str, sends: int, surplus: bool = False) -> "Share":
        asked = {**self.asked, step: self.asked.get(step, 0) + sends}
        more = {**self.surplus, step: self.surplus.get(step, 0) + sends} if surplus else self.surplus
        return replace(self, asked=asked, surplus=more)

    def let_go(self, step: str, occurrences: Sequence[int], bound: int) -> "Share":
        """A person let these held sends go: as many repetitions again are allowed."""
        rounds = -(-max(occurrences, default=0) // bound) * bound
        if rounds <= bound:
            return self
        return replace(self, allowed={**self.allowed, step: max(rounds, self.allowed.get(step, 0))})


def objection(share: Share, bounds: Bounds, step: str, highest: int, sends: int) -> str | None:
    """Why `sends` more sends of a step, of contacts that come to it for at most the `highest`-th time, are more than
    planned; None: they are not. A step that the version does not have is nobody's message: it is refused elsewhere."""
    bound = bounds.steps.get(step)
    if bound is None or not sends:
        return None
    times = max(bound, share.allowed.get(step, 0))
    if highest > times:
        return f"a contact comes to step {step} for the {highest}. time, {times} planned"
    asked, planned = share.asked.get(step, 0) - share.surplus.get(step, 0) + sends, share.admitted * times
    if asked > planned:
        return f"{asked} messages of step {step} asked for, {planned} planned for {share.admitted} targets"
    more = sum(max(0, raised - bounds.steps.get(name, 0)) for name, raised in share.allowed.items())
    planned = share.admitted * (bounds.most + more)
    asked = sum(share.asked.values()) - sum(share.surplus.values()) + sends
    if asked > planned:
        return f"{asked} messages asked for, {planned} planned for {share.admitted} targets"
    return None


class Tally:
    """The shares that a transaction works with. Not to be kept after it."""

    def __init__(self, shares: Mapping[str, Share]) -> None:
        self._shares = dict(shares)
        self.changed: set[str] = set()

    def of(self, launch_id: str) -> Share:
        return self._shares.get(launch_id) or Share()

    def put(self, launch_id: str, share: Share) -> None:
        self._shares[launch_id] = share
        self.changed.add(launch_id)

    def count(self, launch_id: str, step: str, sends: int, surplus: bool = False) -> None:
        if sends:
            self.put(launch_id, self.of(launch_id).counted(step, sends, surplus))
