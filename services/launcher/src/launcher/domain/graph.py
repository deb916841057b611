"""The graph of a scenario: every path ends, nothing is unreachable, no reference is dead, no loop spins."""

from collections.abc import Iterator, Mapping

from contracts.checks import Point
from contracts.scenario import (
    BranchStep,
    EndStep,
    Otherwise,
    Scenario,
    SendStep,
    SplitStep,
    StartScenarioStep,
    Step,
    UpdateContactStep,
    WaitStep,
    WaitUntilStep,
    WebhookStep,
)
from launcher.domain.durations import seconds
from launcher.domain.points import error
from runtime.did_you_mean import did_you_mean

Edges = Mapping[str, frozenset[str]]


def check_graph(scenario: Scenario) -> list[Point]:
    dead = _dead_references(scenario)
    named = {name: frozenset(to for _, to in references(step)) for name, step in scenario.steps.items()}
    edges = {name: targets & scenario.steps.keys() for name, targets in named.items()}
    if dead:  # what is unreachable cannot be said before every reference leads somewhere; what is endless can
        lost = {name for name, targets in named.items() if targets - scenario.steps.keys()}
        return [*dead, *_endless(scenario, edges, frozenset(edges), lost)]
    reached = _reach({scenario.start}, edges)
    return [*_unreachable(scenario, reached), *_endless(scenario, edges, reached, set())]


def passed_by_all(scenario: Scenario) -> frozenset[str]:
    """Steps that nobody gets around: no branch, split or other way to an end leads past them. Whoever leaves early
    (`exit_when`, an error, a stop) does not come to them all the same."""
    edges = {name: frozenset(to for _, to in references(step)) for name, step in scenario.steps.items()}
    ends = {name for name, step in scenario.steps.items() if isinstance(step, EndStep)}

    def around(left_out: str) -> bool:
        rest = {name: targets & edges.keys() - {left_out} for name, targets in edges.items()}
        return left_out != scenario.start and not ends.isdisjoint(_reach({scenario.start}, rest))

    return frozenset(name for name in edges if not around(name))


def references(step: Step) -> Iterator[tuple[str, str]]:
    """Each reference to another step: its place within the step, and the step named there."""
    match step:
        case SendStep() | WaitStep() | WaitUntilStep() | UpdateContactStep() | WebhookStep() | StartScenarioStep():
            for field in ("next", "on_skipped", "on_failure", "on_unknown", "on_timeout"):
                if target := getattr(step, field, None):
                    yield field, target
        case BranchStep():
            for index, arm in enumerate(step.branch):
                if isinstance(arm, Otherwise):
                    yield f"branch[{index}].otherwise", arm.otherwise
                else:
                    yield f"branch[{index}].next", arm.next
        case SplitStep():
            for index, share in enumerate(step.split):
                yield f"split[{index}].next", share.next
        case EndStep():
            pass


def _dead_references(scenario: Scenario) -> list[Point]:
    named = [("start", scenario.start)]
    named += [(f"steps.{name}.{at}", to) for name, step in scenario.steps.items() for at, to in references(step)]
    return [
        error(
            "dead_reference",
            place,
            f"There is no step `{to}`{did_you_mean(to, scenario.steps) or ': name one of `steps`, or add it.'}",
        )
        for place, to in named
        if to not in scenario.steps
    ]


def _unreachable(scenario: Scenario, reached: frozenset[str]) -> list[Point]:
    return [
        error("unreachable_step", f"steps.{name}", "No path leads here: refer to it from another step, or remove it.")
        for name in scenario.steps
        if name not in reached
    ]


def _endless(scenario: Scenario, edges: Edges, reached: frozenset[str], lost: set[str]) -> list[Point]:
    """`lost`: steps of which nobody knows where they lead."""
    points = []
    spinning = _cycles({name: edges[name] for name in reached if not _waits(scenario.steps[name])})
    if spinning:
        loop = _one_loop(spinning)
        points.append(
            error(
                "endless_loop",
                f"steps.{loop[0]}",
                f"{' → '.join([*loop, loop[0]])} goes round without a wait: put a `wait` longer than 0s into it.",
            )
        )
    backwards = _turned(edges)
    ends = {name for name, step in scenario.steps.items() if isinstance(step, EndStep)}
    stuck = reached - _reach(ends | lost, backwards) - _reach(set(spinning), backwards)
    if stuck:
        named = ", ".join(sorted(stuck))
        points.append(
            error("no_end", f"steps.{min(stuck)}", f"No path from here comes to an `end` ({named}): lead it to one.")
        )
    return points


def _waits(step: Step) -> bool:
    match step:
        case WaitStep():
            return step.wait.for_ is None or seconds(step.wait.for_) > 0
        case WaitUntilStep():
            return True
        case _:
            return False


def _reach(start: set[str], edges: Edges) -> frozenset[str]:
    """All that can be come to from `start`, itself included."""
    reached, ahead = set(start), list(start)
    while ahead:
        new = edges[ahead.pop()] - reached
        reached |= new
        ahead += new
    return frozenset(reached)


def _turned(edges: Edges) -> Edges:
    turned: dict[str, set[str]] = {name: set() for name in edges}
    for name, targets in edges.items():
        for target in targets:
            turned[target].add(name)
    return {name: frozenset(sources) for name, sources in turned.items()}


def _cycles(edges: Edges) -> Edges:
    """What is left after steps without a way in or out are taken away again and again: empty without a cycle."""
    left = {name: targets & edges.keys() for name, targets in edges.items()}
    while True:
        entered = frozenset().union(*left.values()) if left else frozenset()
        kept = {name for name, targets in left.items() if targets and name in entered}
        if len(kept) == len(left):
            return left
        left = {name: left[name] & kept for name in kept}


def _one_loop(edges: Edges) -> list[str]:
    """Some cycle, from its alphabetically first step on. Every step of `edges` leads to another one."""
    path = [min(edges)]
    while (following := min(edges[path[-1]])) not in path:
        path.append(following)
    loop = path[path.index(following) :]
    first = loop.index(min(loop))
    return loop[first:] + loop[:first]
