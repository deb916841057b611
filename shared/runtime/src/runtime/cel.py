"""Conditions: CEL expressions over `contact` and `context`, compiled once and evaluated per contact.

Cost is bounded: the source by its length, nesting by the parser (32), loops by the evaluator (10,000 rounds in
all), regular expressions by RE2 (linear), memory by refusing what copies strings or lists inside loops.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from runtime.cel_constants import without_result
from runtime.cel_tree import Call, Comprehension, Const, Ident, ListOf, Node, children, offsets, parse, path_of, walk
from runtime.cel_words import readable

MAX_SOURCE = 4096
MAX_ADDITIONS = 64
VARIABLES = ("contact", "context")

_RESULTS = ("BOOL", "DYN")
_ACCUMULATOR = Ident("@result")


class ConditionError(Exception):
    """The source is not a condition; the message says where and why."""


@dataclass(frozen=True, eq=False)
class Condition:
    """A compiled condition. `tree` is its syntax tree, `paths` what it reads, each path in pieces."""

    source: str
    tree: Node
    paths: frozenset[tuple[str, ...]]
    reads: frozenset[str]
    """`paths` with dots: `contact.attributes.score`. A computed index ends a path: `contact.attributes[context.x]`
    reads `contact.attributes`, that is all of them."""
    _expression: Any

    @classmethod
    def compile(cls, source: str, variables: tuple[str, ...] = VARIABLES) -> "Condition":
        """Raises ConditionError. Compiled conditions are kept: the same source costs nothing again."""
        return _compiled(source, variables)

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it is true of `values` (`{"contact": {…}, "context": {…}}`, plain JSON data). Never raises.

        Whatever cannot be evaluated is False as a whole: a missing attribute, unequal types, a division by zero,
        an exceeded budget. An attribute that a contact does not have must be left out of `values`, not be None.
        """
        try:
            return self._expression.eval(data=values).value() is True
        except Exception:
            return False


@lru_cache(maxsize=4096)
def _compiled(source: str, variables: tuple[str, ...]) -> Condition:
    if len(source) > MAX_SOURCE:
        raise ConditionError(f"longer than {MAX_SOURCE} characters")
    try:
        expression = _environment(variables).compile(source)
        serialized = expression.serialize()
        tree = parse(serialized)
    except Exception as error:
        raise ConditionError(readable(str(error))) from None
    if (result := expression.return_type().name()) not in _RESULTS:
        raise ConditionError(f"must be true or false, but is of type {result.lower()}")
    _refuse_unstorable(tree)
    _refuse_growth(tree)
    _refuse_without_result(tree, source, offsets(serialized))
    paths = frozenset(_paths(tree, frozenset(variables)))
    return Condition(source, tree, paths, frozenset(map(".".join, paths)), expression)


@lru_cache
def _environment(variables: tuple[str, ...]) -> Any:
    return cel.NewEnv(variables=dict.fromkeys(variables, cel.Type.DYN))


def _refuse_unstorable(tree: Node) -> None:
    """PostgreSQL has no U+0000, so nobody's field has that name or value, and no query can ask for it."""
    for node in walk(tree):
        match node:
            case Const(str() as text) if "\0" in text:
                shown = json.dumps(text[:64], ensure_ascii=False)
                raise ConditionError(f"the text {shown} has U+0000, which nothing that is stored has: leave it out")


def _refuse_growth(tree: Node) -> None:
    """What makes copies of strings or lists may not be repeated: in a loop it could fill the memory."""
    if sum(map(_grows, walk(tree))) > MAX_ADDITIONS:
        raise ConditionError(f"more than {MAX_ADDITIONS} times `+`")
    for loop in (node for node in walk(tree) if isinstance(node, Comprehension)):
        collected = _collected(loop)
        if collected not in (None, Ident(loop.variable)):
            raise ConditionError("`map` is not available: use exists, all or filter")
        if any(_grows(node) or (isinstance(node, Comprehension) and _collected(node)) for node in walk(loop.step)):
            raise ConditionError("`+` and `filter` are not available inside all, exists, exists_one or filter")


def _refuse_without_result(tree: Node, source: str, places: Mapping[int, int]) -> None:
    for node, why in without_result(tree):
        place = places.get(node.number, 0)
        if isinstance(node, Call) and node.function.isidentifier() and source.startswith("(", place):
            place = source.rfind(node.function, 0, place)
        column = place - source.rfind("\n", 0, place)
        raise ConditionError(f"column {column}: {why}")


def _grows(node: Node) -> bool:
    """A `+` that the author wrote: macros use one as well, with their accumulator on its left."""
    return isinstance(node, Call) and node.function == "_+_" and node.args[0] != _ACCUMULATOR


def _collected(loop: Comprehension) -> Node | None:
    """What each round of `map` or `filter` adds to its list; None if the loop makes no list."""
    if loop.start != ListOf(()):
        return None
    steps = (node for node in walk(loop.step) if isinstance(node, Call) and node.function == "_+_")
    added = next(node.args[1] for node in steps if node.args[0] == _ACCUMULATOR)
    return added.elements[0] if isinstance(added, ListOf) else added


def _paths(node: Node, roots: frozenset[str]) -> Iterator[tuple[str, ...]]:
    path = path_of(node)
    if path is not None:
        if path[0] in roots:
            yield path
        return
    inner = roots - {node.variable} if isinstance(node, Comprehension) else roots
    for child in children(node):
        yield from _paths(child, roots if isinstance(node, Comprehension) and child is node.over else inner)
