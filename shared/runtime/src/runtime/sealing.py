"""Secrets at rest and on topics: readable only with SLIPWAY_SECRET_KEY (AES-256-GCM, key by HKDF-SHA256)."""

import base64
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = b"\x01"
_NONCE = 12


class SealBroken(Exception):
    """Sealed with another secret key, or altered since."""


def seal(text: str, secret_key: str) -> str:
    """URL-safe base64 of version, nonce and ciphertext. Sealing the same text again gives another string."""
    nonce = os.urandom(_NONCE)
    sealed = _cipher(secret_key).encrypt(nonce, text.encode(), _VERSION)
    return base64.urlsafe_b64encode(_VERSION + nonce + sealed).decode()


def unseal(sealed: str, secret_key: str) -> str:
    """The text again. Raises SealBroken."""
    try:
        raw = base64.b64decode(sealed.encode(), altchars=b"-_", validate=True)
        if raw[:1] != _VERSION:
            raise ValueError
        return _cipher(secret_key).decrypt(raw[1 : 1 + _NONCE], raw[1 + _NONCE :], _VERSION).decode()
    except (InvalidTag, ValueError):
        raise SealBroken("cannot be unsealed: sealed with another SLIPWAY_SECRET_KEY, or altered") from None


@lru_cache(maxsize=8)
def _cipher(secret_key: str) -> AESGCM:
    if not secret_key:
        raise SealBroken("SLIPWAY_SECRET_KEY is not set")
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"slipway sealing 1").derive(secret_key.encode()))
