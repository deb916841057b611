"""Which query parameters there are: a request with another one is refused, for it would be answered as if it had none;
and one that has the same twice, for one of them would be passed over.

They are those of the OpenAPI document, which is made from what the routes declare. Judged is what comes from outside;
services that ask one another do not come by here, and pass over what they do not know.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from runtime.problems import Problem

Known = Mapping[str, bool]
"""Each name of an operation, and whether it takes several; sorted."""
Names = Mapping[tuple[str, str], Known]
"""By method and path, as in the table of routes."""
SHOWN = 50
"""Characters of a name that is repeated to its sender."""


def declared(document: Mapping[str, Any]) -> Names:
    """Of every operation of an OpenAPI document."""
    return {
        (method.upper(), path): {
            each["name"]: each["schema"].get("type") == "array"
            for each in sorted(described.get("parameters", ()), key=lambda each: str(each["name"]))
            if each["in"] == "query"
        }
        for path, operations in document["paths"].items()
        for method, described in operations.items()
    }


def unknown(known: Known, given: Iterable[str]) -> Problem | None:
    """The refusal of parameters that an operation does not know; None: it knows all of them."""
    wrong = [name[:SHOWN] for name in dict.fromkeys(given) if name not in known]
    if not wrong:
        return None
    detail = f"there is no parameter {' or '.join(wrong[:5])} here"
    remedy = f"the parameters are {', '.join(known)}" if known else "leave it out: this has no parameters"
    errors = [{"place": f"query.{name}", "message": "there is no such parameter"} for name in wrong[:100]]
    return Problem(422, "unknown_parameter", detail, remedy, errors=errors)


def repeated(known: Known, given: Iterable[str]) -> Problem | None:
    """The refusal of parameters that are given more than once and take one value; None: there are none.

    `given`: a name as often as it is there. All of them are known."""
    wrong = [name for name, times in Counter(given).items() if times > 1 and not known[name]]
    if not wrong:
        return None
    detail = f"{' and '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} given more than once"
    errors = [{"place": f"query.{name}", "message": "it is given more than once"} for name in wrong]
    return Problem(422, "repeated_parameter", detail, "give each parameter once", errors=errors)
