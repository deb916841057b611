"""What is demanded of a request's body before a route has it."""

import json

from starlette.requests import Request

from runtime.nesting import DEEPEST, deeper_than
from runtime.problems import Problem
from runtime.unique_keys import RepeatedKey, unique


async def demand_readable(request: Request) -> None:
    """No key stands twice in an object, and nothing is nested too deep: a dependency of every route that takes a
    document from outside.

    The framework has read it by then, and takes the last of two. Routes that read their body themselves judge it
    themselves, with `demand_document` where it is one. Raises Problem.
    """
    if getattr(request.scope.get("route"), "body_field", None) is None or request.url.path.startswith("/internal/"):
        return
    demand_document(await request.body())


def demand_document(body: bytes) -> None:
    """4 ms for 100,000 ids. What is no JSON at all is not told here, but by who reads it. Raises Problem."""
    if deeper_than(body):
        raise Problem(422, "too_deep", f"nested deeper than {DEEPEST} levels", "say it with fewer levels")
    try:
        json.loads(body, object_pairs_hook=unique)
    except RepeatedKey as error:
        raise Problem(422, "duplicate_key", str(error), "keep one of the two") from None
    except ValueError:
        return
