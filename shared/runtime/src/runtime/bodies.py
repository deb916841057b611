"""What is demanded of a request's body before a route has it."""

from starlette.requests import Request

from runtime.documents import Unreadable, read_json
from runtime.problems import unreadable


async def demand_readable(request: Request) -> None:
    """A text in UTF-8, no key twice in an object, nothing nested too deep, nothing that cannot be kept: a dependency of
    every route that takes a document from outside.

    The framework has read it by then, and takes the last of two. Routes that read their body themselves judge it
    themselves, with `demand_document` where it is one. Raises Problem.
    """
    if getattr(request.scope.get("route"), "body_field", None) is None or request.url.path.startswith("/internal/"):
        return
    wrong = read_json(await request.body())
    if isinstance(wrong, Unreadable) and wrong.code != "syntax":  # what is no JSON was told, or is no body at all
        raise unreadable(wrong)


def demand_document(body: bytes) -> None:
    """Only what would be read in two ways, or by recursion; the rest is told by who reads it. Raises Problem."""
    wrong = read_json(body)
    if isinstance(wrong, Unreadable) and wrong.code in ("too_deep", "duplicate_key"):
        raise unreadable(wrong)
