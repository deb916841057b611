"""What stands in a template and can be rendered for nobody: told when it is published, not message by message."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from jinja2 import nodes
from jinja2.exceptions import UndefinedError
from jinja2.runtime import new_context

from runtime.template_sandbox import BUDGET, Budget, Dialect, TooMuch, Unfit

_DIVIDING: Final = (nodes.Div, nodes.FloorDiv, nodes.Mod)
_SAMPLES: Final[tuple[Any, ...]] = ("a", 1, 1.5, ["a"], [1], {"a": 1}, [])
"""What a filter is tried on in the place of what only a contact has: of each kind something."""


def without_result(node: nodes.Node, environment: Dialect) -> str | None:
    """Why it has none, whatever a contact has; None: it may have one. Of what is allowed at all."""
    match node:
        case nodes.BinExpr(right=right) if isinstance(node, _DIVIDING) and _is_zero(right):
            return f"{node.operator} by zero has no result"
        case nodes.Test(name="divisibleby", args=[number]) if _is_zero(number):
            return "nothing can be divided by zero"
        case nodes.Slice(step=nodes.Expr() as step) if _is_zero(step):
            return "nothing can be cut in steps of 0"
        case nodes.Filter(args=args, kwargs=kwargs) if args or kwargs:
            return _applied(node, environment)
    return None


def _applied(node: nodes.Filter, environment: Dialect) -> str | None:
    try:
        args = [_constant(each) for each in node.args]
        kwargs = {str(each.key): _constant(each.value) for each in node.kwargs}
    except nodes.Impossible:
        return None
    why = _in_vain(environment, node.name, args, kwargs)
    shown = ", ".join(map(_shown, [*args, *kwargs.values()]))
    return None if why is None else f"{node.name}({shown}) can be applied to nothing: {why}"


def _in_vain(environment: Dialect, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str | None:
    """Why a filter can be applied to nothing with these arguments; None: to some things it can."""
    token = BUDGET.set(Budget())
    context = new_context(environment, None, {}, {}, shared=True)
    why = "it takes something else there"
    try:
        for sample in _SAMPLES:
            try:
                environment.filters[name](context, sample, *args, **kwargs)
            except TooMuch as error:
                why = str(error)
            except Unfit as error:
                why = str(error.__cause__) if isinstance(error.__cause__, AssertionError) else why
            except UndefinedError:
                return None
            else:
                return None
    finally:
        BUDGET.reset(token)
    return why


def _is_zero(node: nodes.Node) -> bool:
    try:
        value = _constant(node)
    except nodes.Impossible:
        return False
    return isinstance(value, int | float) and value == 0


def _constant(node: nodes.Node) -> Any:
    """Raises nodes.Impossible."""
    match node:
        case nodes.Const(value=value):
            return value
        case nodes.Neg(node=nodes.Const(value=int() | float() as value)):
            return -value
        case _:
            raise nodes.Impossible


def _shown(value: Any) -> str:
    return json.dumps(value[:64] if isinstance(value, str) else value, ensure_ascii=False)
