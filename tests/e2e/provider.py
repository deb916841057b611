"""A mail provider that reports what became of mails: `POST /v1/deliveries/{provider}`, signed (Standard Webhooks)."""

import hashlib
import hmac
import json
import time
import uuid
from base64 import b64encode
from typing import Any

import httpx

NAME, SECRET = "postman", b"a secret of sixteen bytes or more"
CONFIGURED = f"{NAME}:whsec_{b64encode(SECRET).decode()}"
"""For SLIPWAY_DELIVERY_SECRETS."""


def report(http: httpx.Client, *events: dict[str, Any], secret: bytes = SECRET, age: float = 0) -> httpx.Response:
    """Tells these events, as so many seconds ago. The signature is worked out here, not by the code."""
    body = json.dumps({"events": events}).encode()
    id_, at = f"msg_{uuid.uuid4().hex}", str(int(time.time() - age))
    mac = hmac.new(secret, f"{id_}.{at}.".encode() + body, hashlib.sha256).digest()
    signed = {
        "webhook-id": id_,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{b64encode(mac).decode()}",
        "content-type": "application/json",
    }
    return httpx.post(http.base_url.join(f"/v1/deliveries/{NAME}"), content=body, headers=signed, timeout=30)
