"""What stands in a condition and has no result for anybody: a count of 0 would not say why, so it is refused.

Only what is written out is looked at (`duration("1d")`), each by evaluating it once; what a contact has may fail.
"""

import json
import math
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from cel_expr_python import cel

from runtime.cel_tree import Call, Const, Node, walk

_GIVEN: Final = "given"
_MOMENT: Final = 'timestamp("2000-01-01T00:00:00Z")'
_IN_ZONE: Final = frozenset({
    *("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"),
    *("getHours", "getMinutes", "getSeconds", "getMilliseconds"),
})  # fmt: skip
_ADVICE: Final = {
    "duration": 'write hours, minutes and seconds, like "1h30m"',
    "timestamp": 'write date, time and zone, like "2026-12-24T09:00:00Z"',
    "int": "it is no whole number, or too large",
    "uint": "it is no whole number from 0 on, or too large",
    "double": "it is no number",
    "bool": "write true or false",
}
_DAYS: Final = re.compile(r"(\d{1,6})d")
_NOISE: Final = re.compile(r"^[A-Z_]+: (invalid regular expression: |regular expression too large: )?")


def without_result(tree: Node) -> Iterator[tuple[Call | Const, str]]:
    """The node that has none, and why; first of what stands outermost."""
    for node in walk(tree):
        match node:
            case Const(float() as number) if math.isinf(number):
                yield node, "this number is too large"
            case Call("_/_" | "_%_", None, (_, Const(0 as zero))) if not isinstance(zero, bool):
                yield node, f"`{node.function.strip('_')} {zero}` has no result: nothing can be divided by zero"
            case Call(str() as function, None, (Const(str() | int() | float() as value),)) if function in _ADVICE:
                if _problem(f"{function}({_GIVEN})", value) is not None:
                    yield node, f"`{function}({_shown(value)})` has no result: {_advice(function, value)}"
            case Call("matches", _, (*_, Const(str() as pattern))):
                if (problem := _problem(f'"".matches({_GIVEN})', pattern)) is not None:
                    yield (
                        node,
                        f"{_shown(pattern)} is no pattern: {problem} (RE2 has no look-around and no back-references)",
                    )
            case Call(str() as function, target, (Const(str() as zone),)) if (
                function in _IN_ZONE and target is not None
            ):
                if _problem(f"{_MOMENT}.{function}({_GIVEN})", zone) is not None:
                    yield node, f'{_shown(zone)} is no time zone: write one like "Europe/Vienna" or "+01:00"'


def _advice(function: str, value: Any) -> str:
    days = _DAYS.fullmatch(value) if function == "duration" and isinstance(value, str) else None
    return _ADVICE[function] if days is None else f'write "{24 * int(days[1])}h"'


def _problem(source: str, value: Any) -> str | None:
    """Why it cannot be evaluated with this value; None: it can."""
    result = _expression(source).eval(data={_GIVEN: value})
    if result.type().name() != "ERROR":
        return None
    return _NOISE.sub("", str(result.value()))


@lru_cache
def _expression(source: str) -> Any:
    return cel.NewEnv(variables={_GIVEN: cel.Type.DYN}).compile(source)


def _shown(value: Any) -> str:
    return json.dumps(value[:64] if isinstance(value, str) else value, ensure_ascii=False)
