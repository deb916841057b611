"""Which query parameters there are: a request with another one is refused, for it would be answered as if it had none.

They are those of the OpenAPI document, which is made from what the routes declare. Judged is what comes from outside;
services that ask one another do not come by here, and pass over what they do not know.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runtime.problems import Problem

Names = Mapping[tuple[str, str], Sequence[str]]
"""By method and path, as in the table of routes; sorted."""
SHOWN = 50
"""Characters of a name that is repeated to its sender."""


def declared(document: Mapping[str, Any]) -> Names:
    """Of every operation of an OpenAPI document."""
    return {
        (method.upper(), path): sorted(
            each["name"] for each in described.get("parameters", ()) if each["in"] == "query"
        )
        for path, operations in document["paths"].items()
        for method, described in operations.items()
    }


def unknown(known: Sequence[str], given: Iterable[str]) -> Problem | None:
    """The refusal of parameters that an operation does not know; None: it knows all of them."""
    wrong = [name[:SHOWN] for name in dict.fromkeys(given) if name not in known]
    if not wrong:
        return None
    detail = f"there is no parameter {' or '.join(wrong[:5])} here"
    remedy = f"the parameters are {', '.join(known)}" if known else "leave it out: this has no parameters"
    errors = [{"place": f"query.{name}", "message": "there is no such parameter"} for name in wrong[:100]]
    return Problem(422, "unknown_parameter", detail, remedy, errors=errors)
