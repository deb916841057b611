"""The CRM's signature on `crm.commands` and `crm.contacts`, as `docs/crm.md` describes it.

The signed text is `{ce_id}.{ce_time}.{ce_source}.{ce_type}.` followed by the body as it lies on the topic.
Test vector:

>>> body = b'{"project":"demo","scenario":"welcome","participants":{"kind":"all"}}'
>>> sign("whsec_test", "cmd-1", "2026-01-02T03:04:05.678Z", "/crm/test", "com.slipway.launch.request.v1", body)
'v1,QUUeOYlHSl7kBKypvfn/XY154TQ0H/4x8uJyWgS5dtc='
"""

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

WINDOW = timedelta(minutes=5)
"""How far `ce_time` may lie from the time at which the broker appended the record, before or after."""

_MOST_SIGNATURES = 8
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def sign(secret: str, id: str, time: str, source: str, type: str, body: bytes) -> str:
    """Value for `slipway-signature`: `v1,` and the base64 of HMAC-SHA256 with the secret as UTF-8."""
    signed = f"{id}.{time}.{source}.{type}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256)).decode()


def verify(signatures: str, secret: str, id: str, time: str, source: str, type: str, body: bytes) -> bool:
    """Whether one of the space-separated signatures is right (a sender rotates keys by sending several).

    Takes the same time wherever they differ. Versions other than `v1` are passed over.
    """
    right = sign(secret, id, time, source, type, body).encode()
    given = signatures.encode().split()[:_MOST_SIGNATURES]
    return any([hmac.compare_digest(right, signature) for signature in given])  # noqa: C419 - look at all of them


def timely(time: str, appended_ms: int) -> bool:
    """Whether `ce_time` (RFC 3339) is within five minutes of the record's LogAppendTime, however late it is read."""
    if not _RFC3339.fullmatch(time):
        return False
    try:
        said = datetime.fromisoformat(time.upper())
        return abs(said - datetime.fromtimestamp(appended_ms / 1000, UTC)) <= WINDOW
    except (ValueError, OverflowError, OSError):
        return False
