"""Which kinds of value a condition takes what it reads for: `contact.attributes.score > "50"` takes score for a text.

Kinds are those of JSON, as PostgreSQL's `jsonb_typeof` names them. Only what stands beside a constant, or where a
truth or a text has to stand, says anything; inside loops nothing is looked at.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from runtime.cel_tree import Call, Comprehension, Const, ListOf, Node, Select, children, path_of

Path = tuple[str, ...]

TEXT, NUMBER, TRUTH, NULL = "string", "number", "boolean", "null"
LISTED: Final = frozenset({"array", "object"})
_COMPARING: Final = frozenset({"_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"})
_COUNTING: Final = frozenset({"_+_", "_-_", "_*_", "_/_", "_%_"})
_ON_TEXTS: Final = frozenset({"startsWith", "endsWith", "contains", "matches"})
_LOGIC: Final = frozenset({"_&&_", "_||_", "!_"})


def kinds_taken(tree: Node) -> Mapping[Path, frozenset[str]]:
    """By path (`("contact", "attributes", "score")`), all kinds that it is taken for anywhere (`a == 3 || a == "3"`).

    Of what is compared with null alone nothing is known."""
    found: dict[Path, frozenset[str]] = {}
    for node, kinds in ((tree, frozenset({TRUTH})), *_taken(tree)):
        if not (isinstance(node, Select) and node.test_only) and (path := path_of(node)) is not None:
            found[path] = found.get(path, frozenset()) | kinds
    return {path: kinds for path, kinds in found.items() if kinds - {NULL}}


def _taken(node: Node) -> Iterator[tuple[Node, frozenset[str]]]:
    """What stands directly below `node`, and deeper, with the kinds it is taken for there."""
    match node:
        case Comprehension(over=over):
            yield over, LISTED
            yield from _taken(over)
            return
        case Call(function, None, (left, right)) if function in _COMPARING | _COUNTING:
            yield left, _kind(right)
            yield right, _kind(left)
        case Call("@in", None, (element, ListOf(elements))) if elements:
            yield element, frozenset().union(*map(_kind, elements))
        case Call("@in", None, (_, listed)):
            yield listed, LISTED
        case Call(function, None, operands) if function in _LOGIC:
            yield from ((operand, frozenset({TRUTH})) for operand in operands)
        case Call("_?_:_", None, (asked, *_)):
            yield asked, frozenset({TRUTH})
        case Call(function, target, _) if function in _ON_TEXTS and target is not None:
            yield target, frozenset({TEXT})
    for child in children(node):
        yield from _taken(child)


def _kind(node: Node) -> frozenset[str]:
    """Of a constant; of anything else nothing is known."""
    match node:
        case Const(bool()):
            return frozenset({TRUTH})
        case Const(int() | float()):
            return frozenset({NUMBER})
        case Const(str()):
            return frozenset({TEXT})
        case Const(None):
            return frozenset({NULL})
        case ListOf():
            return frozenset({"array"})
        case _:
            return frozenset()
