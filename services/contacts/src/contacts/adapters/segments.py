"""Conditions over a contact as SQL over its row: the same answer as `Condition.holds`, for all contacts at once.

SQL's NULL is CEL's error: both are absorbed by `&&`, `||` and `!` in the same way, and an error as a whole is false.
Names and constants are always parameters. What cannot be said in SQL with the same meaning (arithmetic, loops,
patterns, two attributes side by side) is not translated at all: it is evaluated in Python, contact by contact.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from runtime.cel import Condition
from runtime.cel_tree import Call, Const, Ident, ListOf, Node, Select

CONTACT: Final = ("contact",)
EXACT: Final = 2**53
"""CEL compares whole numbers with others as doubles: below it that is exact, as in SQL."""

_COLUMNS: Final = {
    "id": "to_jsonb(contact.contact_id)",
    "email": "to_jsonb(contact.email)",
    "phone": "to_jsonb(contact.phone)",
    "zone": "to_jsonb(contact.zone)",
    "active": "to_jsonb(contact.active)",
}
_ENTRIES: Final = {"attributes": "contact.attributes", "consent": "contact.consent"}
_ORDER: Final = {"_<_": "<", "_<=_": "<=", "_>_": ">", "_>=_": ">="}
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}


@dataclass(frozen=True, slots=True)
class Where:
    """SQL that is true or false, never null, where `contact` is in reach; and its parameters."""

    sql: str
    arguments: tuple[Any, ...]


def compile_where(condition: Condition, first: int) -> Where | None:
    """`condition` over `contact` alone, its parameters numbered from `first` on. None: it has no SQL."""
    writer = _Writer(first)
    try:
        sql = writer.truth(condition.tree)
    except _Untranslatable:
        return None
    return Where(f"coalesce({sql}, false)", tuple(writer.arguments))


class _Untranslatable(Exception):
    """Of these nodes SQL knows nothing that means the same."""


class _Writer:
    def __init__(self, first: int) -> None:
        self._first = first
        self.arguments: list[Any] = []

    def truth(self, node: Node) -> str:
        """A boolean; NULL where CEL has an error."""
        match node:
            case Const(bool() as held):
                return "true" if held else "false"
            case Call("_&&_" | "_||_" as operator, None, (left, right)):
                return f"({self.truth(left)} {'AND' if operator == '_&&_' else 'OR'} {self.truth(right)})"
            case Call("!_", None, (operand,)):
                return f"(NOT {self.truth(operand)})"
            case Call("_?_:_", None, (asked, yes, no)):
                # written once: twice, and what is nested in its place would double with each level
                return f"CASE {self.truth(asked)} WHEN true THEN {self.truth(yes)} WHEN false THEN {self.truth(no)} END"
            case Call(function, target, args) if function != "_[_]":
                return self._called(function, target, args)
            case Select(operand, field, test_only=True):
                return self._has(operand, field)
            case Select(Ident("contact"), "active"):
                return "contact.active"
            case _:
                value = self._value(node)
                return f"CASE jsonb_typeof({value}) WHEN 'boolean' THEN ({value})::boolean END"

    def _called(self, function: str, target: Node | None, args: tuple[Node, ...]) -> str:
        match function, target, args:
            case (("_==_" | "_!=_"), None, (left, right)):
                return self._compared(left, right, "=" if function == "_==_" else "<>", self._equal)
            case (("_<_" | "_<=_" | "_>_" | "_>=_"), None, (left, right)):
                return self._compared(left, right, _ORDER[function], self._ordered)
            case "@in", None, (Const(str() as name), Select(Ident("contact"), "groups", test_only=False)):
                return f"({self._text(name)} = ANY (contact.groups))"
            case "@in", None, (Const(str() as name), Select(Ident("contact"), field, test_only=False)):
                return self._entry(name, field)
            case "@in", None, (element, ListOf(elements)):
                return self._one_of(self._value(element), elements)
            case (("startsWith" | "endsWith" | "contains"), text, (Const(str() as part),)) if text is not None:
                return self._has_part(function, self._value(text), part)
            case _:
                raise _Untranslatable

    def _compared(self, left: Node, right: Node, operator: str, write: Callable[[str, Any, str], str]) -> str:
        """Something of the contact's with a constant, on whichever side."""
        match left, right:
            case Const(constant), _:
                return write(self._value(right), constant, _MIRRORED[operator])
            case _, Const(constant):
                return write(self._value(left), constant, operator)
            case _:
                raise _Untranslatable

    def _equal(self, value: str, constant: Any, operator: str) -> str:
        return f"({value} {operator} {self._json(constant)})"

    def _ordered(self, value: str, constant: Any, operator: str) -> str:
        """Unequal types have no order: an error."""
        match constant:
            case bool():
                raise _Untranslatable
            case int() | float():
                compared = f"({value})::numeric {operator} ({self._json(constant)})::numeric"
                return f"CASE jsonb_typeof({value}) WHEN 'number' THEN {compared} END"
            case str():
                compared = f"({value} #>> '{{}}') COLLATE \"C\" {operator} {self._text(constant)}"
                return f"CASE jsonb_typeof({value}) WHEN 'string' THEN {compared} END"
            case _:
                raise _Untranslatable

    def _one_of(self, value: str, elements: tuple[Node, ...]) -> str:
        """The value is looked up once for all of a list: PostgreSQL looks a longer one up by hash."""
        constants = [_exact(_constant(element)) for element in elements]
        given = self._parameter([constant for constant in constants if constant is not None])
        null = f" OR {value} = 'null'::jsonb" if None in constants else ""
        return f"CASE WHEN {value} IS NOT NULL THEN {value} = ANY ({given}::jsonb[]){null} END"

    def _has_part(self, function: str, value: str, part: str) -> str:
        text, given = f"({value} #>> '{{}}')", self._text(part)
        found = {
            "startsWith": f"starts_with({text}, {given})",
            "endsWith": f"right({text}, length({given})) = {given}",
            "contains": f'strpos({text} COLLATE "C", {given}) > 0',
        }
        return f"CASE jsonb_typeof({value}) WHEN 'string' THEN {found[function]} END"

    def _has(self, operand: Node, field: str) -> str:
        """`has(operand.field)`."""
        match operand:
            case Ident("contact"):
                if field in _COLUMNS:
                    return f"({_COLUMNS[field]} IS NOT NULL)"
                return "true" if field in (*_ENTRIES, "groups") else "false"
            case Select(Ident("contact"), entries, test_only=False) if entries in _ENTRIES:
                return self._entry(field, entries)
            case _:
                value = self._value(operand)
                return f"CASE jsonb_typeof({value}) WHEN 'object' THEN {value} ? {self._text(field)} END"

    def _entry(self, name: str, entries: str) -> str:
        if entries not in _ENTRIES:
            raise _Untranslatable
        return f"({_ENTRIES[entries]} ? {self._text(name)})"

    def _value(self, node: Node) -> str:
        """One value of the contact's as jsonb; NULL where it has none."""
        match node:
            case Select(Ident("contact"), field, test_only=False) if field in _COLUMNS:
                return _COLUMNS[field]
            case Select(operand, field, test_only=False) | Call("_[_]", None, (operand, Const(str() as field))):
                return f"({self._inside(operand)} -> {self._text(field)})"
            case _:
                raise _Untranslatable

    def _inside(self, node: Node) -> str:
        match node:
            case Select(Ident("contact"), entries, test_only=False) if entries in _ENTRIES:
                return _ENTRIES[entries]
            case _:
                return self._value(node)

    def _text(self, text: str) -> str:
        return f"{self._parameter(text)}::text"

    def _json(self, constant: Any) -> str:
        if constant is None:
            return "'null'::jsonb"
        return f"{self._parameter(_exact(constant))}::jsonb"

    def _parameter(self, value: Any) -> str:
        self.arguments.append(value)
        return f"${self._first + len(self.arguments) - 1}"


def _constant(node: Node) -> Any:
    if isinstance(node, Const):
        return node.value
    raise _Untranslatable


def _exact(constant: Any) -> Any:
    """A constant that means the same as jsonb."""
    match constant:
        case None | bool() | str():
            return constant
        case int() | float() if -EXACT < constant < EXACT:
            return constant
        case _:
            raise _Untranslatable
