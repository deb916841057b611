"""Signatures as Standard Webhooks have them (https://www.standardwebhooks.com): of what mail providers report."""

import binascii
import hashlib
import hmac
from base64 import b64decode, b64encode

PREFIX = "whsec_"
SHORTEST = 16
"""Bytes of a secret."""


def sign(key: bytes, id: str, timestamp: str, body: bytes) -> str:
    """Value for `webhook-signature`; `timestamp`: seconds since 1970."""
    signed = f"{id}.{timestamp}.".encode() + body
    return "v1," + b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def read_secret(text: str) -> bytes:
    """The key that `whsec_<base64>` stands for. Raises ValueError."""
    try:
        key = b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not text.startswith(PREFIX) or len(key) < SHORTEST:
        raise ValueError(f"write `{PREFIX}<base64 of at least {SHORTEST} bytes>`")
    return key
