"""A mail provider that reports what became of mails: `POST /v1/deliveries/{provider}`, signed (Standard Webhooks)."""

import hashlib
import hmac
import json
import time
import uuid
from base64 import b64encode
from email.message import Message
from typing import Any

import httpx

NAME, SECRET = "postman", b"a secret of sixteen bytes or more"
WRITTEN = f"whsec_{b64encode(SECRET).decode()}"
CONFIGURED = f"{NAME}:{WRITTEN}"
"""For SLIPWAY_DELIVERY_SECRETS."""


def returned(mail: Message, status: str = "5.1.1") -> str:
    """What a mail server writes to the sender of a mail that it cannot deliver (RFC 3464), with its headers."""
    headers = "".join(f"{name}: {value}\n" for name, value in mail.items())
    group = f"Final-Recipient: rfc822; {mail['To']}\nAction: failed\nStatus: {status}\n"
    parts = {
        "text/plain": "I am sorry to have to inform you that your message could not be delivered.\n",
        "message/delivery-status": f"Reporting-MTA: dns; mx.example.com\n\n{group}",
        "text/rfc822-headers": headers,
    }
    body = "".join(f"--edge\nContent-Type: {kind}\n\n{text}\n" for kind, text in parts.items())
    kind = 'multipart/report; report-type=delivery-status; boundary="edge"'
    head = f"From: MAILER-DAEMON@mx.example.com\nTo: news@acme.example\nMIME-Version: 1.0\nContent-Type: {kind}\n"
    return f"{head}\n{body}--edge--\n"


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
