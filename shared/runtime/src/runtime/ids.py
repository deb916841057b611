"""Deterministic ids: derived from what caused a thing, so that doing it again gives the same id."""

import hashlib


def derive(*parts: str | int) -> str:
    """32 hexadecimal digits (128 bits of SHA-256) that depend on every part and on where one part ends.

    >>> derive("launch", "crm", "1") != derive("launch", "crm1", "")
    True
    """
    text = "\x1f".join(f"{len(part)}:{part}" for part in map(str, parts))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
