"""A scenario version as a graph to walk: compiled once per launch, then shared by all of its instances."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from contracts.scenario import (
    BranchStep,
    EndStep,
    EndType,
    Scenario,
    SendStep,
    SplitStep,
    Step,
    UpdateContactStep,
    WaitStep,
    When,
)


class Condition(Protocol):
    """A compiled CEL expression. Whatever cannot be evaluated does not hold; nothing is raised."""

    @property
    def paths(self) -> frozenset[tuple[str, ...]]:
        """What it reads: `("contact", "attributes", "score")`."""
        ...

    def holds(self, values: Mapping[str, Any]) -> bool: ...


CompileCondition = Callable[[str], Condition | None]
"""None where the source is no condition."""


@dataclass(frozen=True, slots=True)
class Send:
    accepted: str
    skipped: str
    unknown: str
    failed: str | None
    """None: a failed message ends the instance."""


@dataclass(frozen=True, slots=True)
class Wait:
    duration: timedelta
    next: str


@dataclass(frozen=True, slots=True)
class Branch:
    arms: tuple[tuple[Condition | None, str], ...]
    """The first that holds is taken; a None (it does not compile) that is come to is an error of the contact."""
    otherwise: str | None
    paths: tuple[tuple[str, ...], ...]
    """Everything the conditions read."""
    says: tuple[str, ...] = ()
    """The conditions as they were written."""

    def arm(self, place: int) -> "Arm":
        """`otherwise` has the place behind the others."""
        if place < len(self.arms):
            return Arm(self.says[place], self.arms[place][1])
        assert self.otherwise is not None
        return Arm("otherwise", self.otherwise)


@dataclass(frozen=True, slots=True)
class Split:
    shares: tuple[tuple[int, str], ...]
    """Upper bounds of the weights, added up, in the order of the file."""

    def arm(self, place: int) -> "Arm":
        bound, next = self.shares[place]
        return Arm(str(bound - (self.shares[place - 1][0] if place else 0)), next)


@dataclass(frozen=True, slots=True)
class Arm:
    """One way out of a fork."""

    says: str
    """For people: its condition, or its weight."""
    next: str


@dataclass(frozen=True, slots=True)
class Update:
    values: Mapping[str, Any]
    next: str


@dataclass(frozen=True, slots=True)
class End:
    type: EndType


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A step that this code does not know how to run."""

    what: str


Node = Send | Wait | Branch | Split | Update | End | Unsupported


@dataclass(frozen=True, slots=True)
class Flow:
    scenario: str
    start: str
    nodes: Mapping[str, Node]
    repeatable: frozenset[str]
    """Acting steps that an instance can come to again: only these count their occurrences (a trial's waits, too)."""
    reading: frozenset[str]
    """Steps from which on, themselves included, contact data can be read."""
    context: Mapping[str, Any]
    virtual: bool = False
    """Of a trial: waits are over at once, and updates change nothing but what these instances see."""

    def reads_after(self, step: str) -> bool:
        """Whether an instance that rests in `step` will still need contact data."""
        node = self.nodes.get(step)
        return node is not None and any(name in self.reading for name in _successors(node))


def compile_flow(
    body: Scenario, context: Mapping[str, Any], compile_condition: CompileCondition, virtual: bool = False
) -> Flow:
    counted = Send | Update | Wait if virtual else Send | Update
    nodes = {name: _node(step, compile_condition) for name, step in body.steps.items()}
    after = {name: _reachable(nodes, _successors(node)) for name, node in nodes.items()}
    readers = {name for name, node in nodes.items() if _reads_contact(node)}
    return Flow(
        scenario=body.key,
        start=body.start,
        nodes=nodes,
        repeatable=frozenset(name for name, node in nodes.items() if isinstance(node, counted) and name in after[name]),
        reading=frozenset(name for name in nodes if name in readers or after[name] & readers),
        context=context,
        virtual=virtual,
    )


def _node(step: Step, compile_condition: CompileCondition) -> Node:
    match step:
        case SendStep():
            return Send(
                accepted=step.next,
                skipped=step.on_skipped or step.next,
                unknown=step.on_unknown or step.next,
                failed=step.on_failure,
            )
        case WaitStep() if step.wait.for_ is not None:
            return Wait(parse_duration(step.wait.for_), step.next)
        case BranchStep():
            return _branch(step, compile_condition)
        case SplitStep():
            return Split(
                tuple(zip(_sums(share.weight for share in step.split), (s.next for s in step.split), strict=True))
            )
        case UpdateContactStep():
            return Update(step.update_contact.set, step.next)
        case EndStep():
            return End(step.end)
        case _:
            return Unsupported(type(step).__name__)


def _branch(step: BranchStep, compile_condition: CompileCondition) -> Branch:
    arms = tuple((compile_condition(arm.when), arm.next) for arm in step.branch if isinstance(arm, When))
    others = [arm.otherwise for arm in step.branch if not isinstance(arm, When)]
    paths = {path for condition, _ in arms if condition is not None for path in condition.paths}
    says = tuple(arm.when for arm in step.branch if isinstance(arm, When))
    return Branch(arms, others[-1] if others else None, tuple(sorted(paths)), says)


def _sums(weights: Iterable[int]) -> Iterable[int]:
    total = 0
    for weight in weights:
        total += weight
        yield total


def _successors(node: Node) -> Sequence[str]:
    match node:
        case Send():
            ways = (node.accepted, node.skipped, node.unknown, node.failed)
            return [way for way in ways if way is not None]
        case Wait() | Update():
            return [node.next]
        case Branch():
            return [way for _, way in node.arms] + ([] if node.otherwise is None else [node.otherwise])
        case Split():
            return [way for _, way in node.shares]
        case _:
            return []


def _reachable(nodes: Mapping[str, Node], starts: Sequence[str]) -> set[str]:
    seen: set[str] = set()
    todo = list(starts)
    while todo:
        name = todo.pop()
        if name not in seen and name in nodes:
            seen.add(name)
            todo.extend(_successors(nodes[name]))
    return seen


def _reads_contact(node: Node) -> bool:
    """What a step reads that this code does not know, nobody can say."""
    return isinstance(node, Send | Unsupported) or (
        isinstance(node, Branch) and any(path[0] == "contact" for path in node.paths)
    )


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_duration(text: str) -> timedelta:
    """`1d12h` is 36 hours; a day is 24 hours whatever the zone."""
    return sum(
        (timedelta(**{_UNITS[unit]: int(number)}) for number, unit in re.findall(r"(\d+)([smhd])", text)), timedelta()
    )
