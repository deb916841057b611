"""Around every answer: whoever asks too much is told when to come back, everybody how much is left."""

import hashlib
from collections.abc import Callable

from fastapi import Request

from console.domain.rates import Buckets, Taken
from runtime.problems import Problem

Clock = Callable[[], float]


class Limits:
    def __init__(self, per_second: float, clock: Clock) -> None:
        """`clock`: seconds that only rise. Every process of console counts for itself."""
        self._per_second = per_second
        self._buckets = Buckets(per_second)
        self._clock = clock

    def take(self, request: Request) -> dict[str, str]:
        """Headers of the answer. Raises the 429 of one request too many."""
        taken = self._buckets.take(_who(request), self._clock())
        said = _said(taken)
        if taken.allowed:
            return said
        detail = f"more than {self._per_second:g} requests a second, and {taken.limit} at once"
        remedy = f"wait {taken.next_in} s; what is asked for many things at once is a list, or an export"
        headers = {**said, "Retry-After": str(taken.next_in)}
        raise Problem(429, "too_many_requests", detail, remedy, headers=headers)


def _said(taken: Taken) -> dict[str, str]:
    return {
        "RateLimit-Limit": str(taken.limit),
        "RateLimit-Remaining": str(taken.left),
        "RateLimit-Reset": str(taken.full_in),
    }


def _who(request: Request) -> bytes:
    """Whose bucket: the credentials', whatever project they name; of who shows none, the address."""
    authorization = request.headers.get("authorization")
    host = request.client.host if request.client else ""
    return hashlib.sha256((authorization or f"from {host}").encode()).digest()
