"""The dialect of Jinja2 that templates are written in, and the budget under which one is rendered.

Jinja's own sandbox protects the process's objects but not its time and memory (`{{ 'a' * 10**8 }}`). Here a
template is data: no calls, macros, includes or attributes of objects; lists hold constants only; strings grow
only by operations that spend from the budget.
"""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Undefined, nodes, pass_context
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.runtime import Context, LoopContext, markup_join, str_join
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

MAX_OUTPUT = 1024 * 1024
MAX_WORK = 8 * MAX_OUTPUT
MAX_ROUNDS = 10_000
MAX_NUMBER = 10**30
MAX_PRECISION = 15


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign),
    *(nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword),
    *(nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Filter, nodes.Test, nodes.CondExpr, nodes.Compare),
    *(nodes.Operand, nodes.Concat, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod),
    *(nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos),
)
FILTERS = _words(
    "abs capitalize count d default dictsort e escape first float int items join last length list lower max min"
    " replace reverse round sort string striptags title tojson trim truncate unique upper urlencode wordcount"
)
TESTS = _words(
    "boolean defined divisibleby eq equalto even false float ge greaterthan gt in integer le lessthan lower lt"
    " mapping ne none number odd sequence string true undefined upper == != > >= < <="
)
LOOP = _words("index index0 revindex revindex0 first last length depth depth0 previtem nextitem")
OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}


CHOOSING = _words("first last max min")
"""Filters that choose one of what they are applied to, and of nothing none."""
KINDS = {bool: "true or false", int: "a number", float: "a number", str: "a text", dict: "a map", list: "a list"}


class Unfit(SecurityError):
    """Something is done with a value that cannot be done with its kind; the message holds no data."""


class TooMuch(SecurityError):
    """The template does more than is good; the message is constant and holds no data."""


@dataclass
class Budget:
    """What is left for one rendering."""

    work: int = MAX_WORK
    rounds: int = MAX_ROUNDS

    def spend(self, work: int) -> None:
        self.work -= work
        if self.work < 0:
            raise TooMuch("does too much work")

    def loop(self, rounds: int) -> None:
        self.rounds -= rounds
        if self.rounds < 0:
            raise TooMuch(f"loops more than {MAX_ROUNDS} rounds")


BUDGET: ContextVar[Budget] = ContextVar("budget")


class Dialect(ImmutableSandboxedEnvironment):
    """Plain data only: a name after a dot is a key of a mapping (or of `loop`). Null is as good as missing."""

    intercepted_binops = frozenset(OPERATORS)
    intercepted_unops = frozenset("+-")

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self._get(obj, attribute, f"{attribute} is missing")

    def getitem(self, obj: Any, argument: Any) -> Any:
        return self._get(obj, argument, "what the brackets name is missing")

    def _get(self, obj: Any, key: Any, missing: str) -> Any:
        if isinstance(obj, Undefined):
            return obj
        if isinstance(obj, LoopContext) and key in LOOP:
            return getattr(obj, key)
        value = None
        if isinstance(obj, (dict, Mapping)):  # asking whether it is a Mapping takes ten times as long
            value = obj.get(key)
        elif isinstance(obj, Sequence) and isinstance(key, int) and -len(obj) <= key < len(obj):
            value = obj[key]
        return self.undefined(missing) if value is None else value

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        return _calculate(operator, left, right)

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:
        if not isinstance(arg, int | float | Undefined):
            raise Unfit(f"{operator} is for numbers")
        return -arg if operator == "-" else +arg


@lru_cache
def dialect(html: bool) -> Dialect:
    """The environment to compile with; html escapes whatever is put in."""
    environment = Dialect(autoescape=html, undefined=StrictUndefined, keep_trailing_newline=True, cache_size=0)
    plain = Dialect(autoescape=html, undefined=StrictUndefined, cache_size=0)
    environment.globals = {}
    environment.filters = {name: _charged(plain, name) for name in FILTERS}
    environment.filters |= {"_concat": _concat, "_rounds": _rounds}
    environment.tests = {name: _asked(name, test) for name, test in plain.tests.items() if name in TESTS}
    return environment


class Budgeted(NodeTransformer):
    """Puts loops and `~` under the budget."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.iter = _filter(node.iter, "_rounds")
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _filter(nodes.List(node.nodes, lineno=node.lineno), "_concat")


def _filter(node: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _charged(plain: Dialect, name: str) -> Callable[..., Any]:
    """Jinja's own filter, paid for. Taking the context keeps the compiler from working it out beforehand."""

    @pass_context
    def charged(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        budget = BUDGET.get()
        budget.spend(_size(value) + _expected(name, value, [*args, *kwargs.values()]))
        try:
            result = plain.call_filter(name, value, args, kwargs, context, context.eval_ctx)
            if isinstance(result, Iterator):
                result = list(result)
        except (UndefinedError, SecurityError):
            raise
        except Exception as error:
            given = " with what stands in its brackets" if args or kwargs else ""
            raise Unfit(f"{name} cannot be applied to {_kind(value)}{given}") from error
        if name in CHOOSING and isinstance(result, Undefined):
            return plain.undefined(f"{name} finds nothing: what it is applied to is empty")
        budget.spend(_size(result))
        return result

    return charged


def _asked(name: str, test: Any) -> Callable[..., Any]:
    """Jinja's own test, with words where it cannot be asked."""

    def asked(value: Any, *args: Any) -> Any:
        try:
            return test(value, *args)
        except (UndefinedError, SecurityError):
            raise
        except Exception as error:
            raise Unfit(f"{_kind(value)} cannot be asked whether it is {name}") from error

    return asked


def _kind(value: Any) -> str:
    return next((words for kind, words in KINDS.items() if isinstance(value, kind)), "a value of this kind")


def _expected(name: str, value: Any, given: list[Any]) -> int:
    """Size of the result of the filters that multiply what they are given."""
    if name not in ("join", "replace", "round"):
        return 0
    if not all(isinstance(each, str | int | float) for each in given):
        raise Unfit(f"{name} takes text and numbers")
    match name, value:
        case "round", _ if any(abs(each) > MAX_PRECISION for each in given if isinstance(each, int)):
            raise TooMuch(f"rounds to more than {MAX_PRECISION} digits")
        case "join", Sequence() | Mapping():
            return sum(map(_size, value)) + len(value) * max(map(_size, given), default=0)
        case "replace", str() | int() | float():
            return (len(str(value)) + 1) * max(map(_size, given[1:]), default=1)
        case "replace", Sequence() | Mapping():
            raise Unfit("replace is for text")
    return 0


@pass_context
def _concat(context: Context, parts: list[Any]) -> Any:
    texts = []
    for part in parts:
        texts.append(part if isinstance(part, str) else str(part))
        BUDGET.get().spend(len(texts[-1]))
    return markup_join(texts) if context.eval_ctx.autoescape else str_join(texts)


@pass_context
def _rounds(context: Context, items: Any) -> list[Any]:
    try:
        listed = list(items)
    except TypeError as error:
        raise Unfit(f"{_kind(items)} has nothing inside to loop over") from error
    BUDGET.get().loop(len(listed))
    return listed


def _calculate(symbol: str, left: Any, right: Any) -> Any:
    """Numbers, and strings where they are added or repeated."""
    if isinstance(left, Undefined) or isinstance(right, Undefined):
        return OPERATORS[symbol](left, right)
    match symbol, left, right:
        case (_, int() | float(), int() | float()):
            if abs(left) > MAX_NUMBER or abs(right) > MAX_NUMBER:
                raise TooMuch("calculates with too large numbers")
        case ("+", str(), str()):
            BUDGET.get().spend(len(left) + len(right))
        case ("*", str(), int()) | ("*", int(), str()):
            count, text = (right, left) if isinstance(left, str) else (left, right)
            BUDGET.get().spend(len(text) * max(count, 0))
        case _:
            raise Unfit(f"{symbol} is for numbers")
    try:
        return OPERATORS[symbol](left, right)
    except ZeroDivisionError as error:
        raise Unfit(f"{symbol} by zero has no result") from error


def _size(value: Any) -> int:
    return len(value) if isinstance(value, Sequence | Mapping) else 1
