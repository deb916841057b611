"""Which headers pass through, in each direction."""

import re
from collections.abc import Iterable

Headers = list[tuple[str, str]]

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
NOT_FORWARDED = frozenset({"authorization", "cookie", "host", "expect", "traceparent", "tracestate"})
"""Who asks is said by the short token; cookies mean nothing to the services; the rest is ours to say."""
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""No value has one (RFC 9110, 5.5)."""
NOT_RETURNED = frozenset({"set-cookie", "server", "date"})

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def unspeakable(headers: Iterable[tuple[str, str]]) -> str | None:
    """The first header of a request whose value nobody may pass on; None: there is none."""
    return next((name for name, value in headers if CONTROL.search(value)), None)


def forwarded(headers: Iterable[tuple[str, str]]) -> Headers:
    """Of a request."""
    return _passing(headers, NOT_FORWARDED)


def returned(headers: Iterable[tuple[str, str]]) -> Headers:
    """Of an answer."""
    return _passing(headers, NOT_RETURNED)


def _passing(headers: Iterable[tuple[str, str]], held: frozenset[str]) -> Headers:
    """Without what concerns one connection only, among it whatever `Connection` names."""
    given = [(name.lower(), value) for name, value in headers]
    named = {token.strip().lower() for name, value in given if name == "connection" for token in value.split(",")}
    return [(name, value) for name, value in given if name not in HOP_BY_HOP | held | named]
