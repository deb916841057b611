"""How many messages a scenario version plans: worked out from its graph, once per launch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

from contracts.scenario import BranchStep, Scenario, SendStep, SplitStep, Step, When


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one contact."""

    steps: Mapping[str, int]
    """How often it may come to each send step: once, or in a loop `repeats` times."""
    most: int
    """Messages on the way with the most of them."""


def bounds_of(body: Scenario, repeats: int) -> Bounds:
    """A way through the graph passes each loop once, but every step in it up to `repeats` times."""
    after = {name: set(_ways(step)) & body.steps.keys() for name, step in body.steps.items()}
    reach = {name: _reachable(after, name) for name in after}
    loops = {name: frozenset(other for other in reach[name] if name in reach[other]) | {name} for name in after}
    steps = {
        name: repeats if name in reach[name] else 1 for name, step in body.steps.items() if isinstance(step, SendStep)
    }
    behind = {loop: {loops[to] for name in loop for to in after[name]} - {loop} for loop in loops.values()}
    most: dict[frozenset[str], int] = {}
    for loop in TopologicalSorter(behind).static_order():  # what lies behind a loop comes before it
        here = sum(steps.get(name, 0) for name in loop)
        most[loop] = here + max((most[other] for other in behind[loop]), default=0)
    return Bounds(steps, most[loops[body.start]] if body.start in loops else 0)


def _ways(step: Step) -> Iterator[str]:
    match step:
        case BranchStep():
            yield from (arm.next if isinstance(arm, When) else arm.otherwise for arm in step.branch)
        case SplitStep():
            yield from (share.next for share in step.split)
        case _:
            named = (
                getattr(step, way, None) for way in ("next", "on_skipped", "on_failure", "on_unknown", "on_timeout")
            )
            yield from (name for name in named if name is not None)


def _reachable(after: Mapping[str, set[str]], start: str) -> set[str]:
    """What lies behind a step; itself only if a way leads back to it."""
    seen: set[str] = set()
    todo = list(after[start])
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo.extend(after[name])
    return seen
