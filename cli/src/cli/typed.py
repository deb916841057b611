"""What a refusal names, as whoever typed the command knows it: `body.roles.1` is `--role`."""

from collections.abc import Iterator
from typing import Any

import typer


def as_typed(place: str, context: typer.Context | None) -> str:
    """The option or argument of this command that gave what stands at `place` of its request; of several, which one.
    The place itself where none did."""
    pieces = place.split(".")[1:]
    for at in range(len(pieces) - 1, -1, -1):
        for param in context.command.params if context else ():
            if pieces[at].replace("_", "-") in _names(param):
                given = context.params.get(param.name) if context else None
                index = "".join(pieces[at + 1 : at + 2])
                several = isinstance(given, list | tuple) and len(given) > 1 and index.isdecimal()
                return f"{_shown(param)} (number {int(index) + 1})" if several else _shown(param)
    return ".".join(pieces)


def _names(param: Any) -> Iterator[str]:
    """What a request may call it: what may be said several times stands there as a list."""
    name = _shown(param).removeprefix("--").lower()
    yield name
    yield f"{name}s"


def _shown(param: Any) -> str:
    """`--role`, `USER`."""
    if param.param_type_name == "option":
        return str(max(param.opts, key=len))
    return str(param.metavar or param.name.upper()).rstrip(".")
