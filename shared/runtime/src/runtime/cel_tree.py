"""The syntax tree of a compiled CEL expression, as plain frozen data.

`cel-expr-python` shows an expression only as a serialised `cel.expr.CheckedExpr`. This reads the few protobuf
messages it is made of (https://github.com/google/cel-spec, `proto/cel/expr/syntax.proto`), so that the generated
protobuf classes need not be loaded.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Const:
    value: bool | int | float | str | bytes | None
    number: int = field(default=0, compare=False)
    """Its own, for `offsets`."""


@dataclass(frozen=True, slots=True)
class Ident:
    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """`operand.field`; with `test_only` it is `has(operand.field)`."""

    operand: "Node"
    field: str
    test_only: bool


@dataclass(frozen=True, slots=True)
class Call:
    """`function(*args)` or `target.function(*args)`. Operators are functions: `_+_`, `_&&_`, `!_`, `_[_]`, `_?_:_`."""

    function: str
    target: "Node | None"
    args: "tuple[Node, ...]"
    number: int = field(default=0, compare=False)
    """Its own, for `offsets`."""


@dataclass(frozen=True, slots=True)
class ListOf:
    elements: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class MapOf:
    entries: "tuple[tuple[Node, Node], ...]"


@dataclass(frozen=True, slots=True)
class Comprehension:
    """What the macros `all`, `exists`, `exists_one`, `filter` and `map` become."""

    variable: str
    over: "Node"
    accumulator: str
    start: "Node"
    condition: "Node"
    step: "Node"
    result: "Node"


Node = Const | Ident | Select | Call | ListOf | MapOf | Comprehension


def parse(serialized: bytes) -> Node:
    """The tree of `Expression.serialize()`: an `Any` around a `CheckedExpr` with the expression in field 4."""
    return _node(_message(_message(serialized)[2][-1])[4][-1])


def offsets(serialized: bytes) -> dict[int, int]:
    """Where each node stands in the source, in characters from 0, by its number; of an operator, the operator."""
    source_info = _message(_message(_message(serialized)[2][-1])[5][-1])
    entries = map(_message, source_info.get(4, []))
    return {entry[1][-1]: entry.get(2, [0])[-1] for entry in entries}


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Select(operand):
            return (operand,)
        case Call(_, target, args):
            return args if target is None else (target, *args)
        case ListOf(elements):
            return elements
        case MapOf(entries):
            return tuple(part for entry in entries for part in entry)
        case Comprehension():
            return (node.over, node.start, node.condition, node.step, node.result)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in children(node):
        yield from walk(child)


def path_of(node: Node) -> tuple[str, ...] | None:
    """`contact.attributes["first name"]` as its pieces; None if it is something else."""
    match node:
        case Ident(name):
            return (name,)
        case Select(operand, field):
            return None if (path := path_of(operand)) is None else (*path, field)
        case Call("_[_]", None, (operand, Const(str() as field))):
            return None if (path := path_of(operand)) is None else (*path, field)
        case _:
            return None


def _node(raw: bytes) -> Node:
    fields = _message(raw)
    kind = next(number for number in fields if number in _KINDS)
    made = _KINDS[kind](_message(fields[kind][-1]))
    return replace(made, number=fields[2][-1]) if isinstance(made, Call | Const) and 2 in fields else made


def _const(fields: dict[int, list[Any]]) -> Node:
    (number, values), *_ = fields.items()
    value = values[-1]
    match number:
        case 1:
            return Const(None)
        case 2:
            return Const(bool(value))
        case 3:
            return Const(value - (1 << 64) if value >> 63 else value)
        case 5:
            return Const(struct.unpack("<d", value)[0])
        case 6:
            return Const(value.decode())
        case _:
            return Const(value)


def _select(fields: dict[int, list[Any]]) -> Node:
    return Select(_node(fields[1][-1]), fields[2][-1].decode(), bool(fields.get(3, [0])[-1]))


def _call(fields: dict[int, list[Any]]) -> Node:
    target = _node(fields[1][-1]) if 1 in fields else None
    return Call(fields[2][-1].decode(), target, tuple(map(_node, fields.get(3, []))))


def _map(fields: dict[int, list[Any]]) -> Node:
    entries = map(_message, fields.get(2, []))
    return MapOf(tuple((_node(entry[3][-1]), _node(entry[4][-1])) for entry in entries if 3 in entry))


def _comprehension(fields: dict[int, list[Any]]) -> Node:
    def part(number: int) -> Node:
        return _node(fields[number][-1])

    return Comprehension(fields[1][-1].decode(), part(2), fields[3][-1].decode(), part(4), part(5), part(6), part(7))


_KINDS = {
    3: _const,
    4: lambda fields: Ident(fields[1][-1].decode()),
    5: _select,
    6: _call,
    7: lambda fields: ListOf(tuple(map(_node, fields.get(1, [])))),
    8: _map,
    9: _comprehension,
}


def _message(raw: bytes) -> dict[int, list[Any]]:
    """Fields of a protobuf message by number: int for varints, bytes for everything else."""
    fields: dict[int, list[Any]] = {}
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        value: int | bytes
        match tag & 7:
            case 0:
                value, at = _varint(raw, at)
            case 1:
                value, at = raw[at : at + 8], at + 8
            case 2:
                size, at = _varint(raw, at)
                value, at = raw[at : at + size], at + size
            case 5:
                value, at = raw[at : at + 4], at + 4
            case kind:
                raise ValueError(f"protobuf wire type {kind} is not known")
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
