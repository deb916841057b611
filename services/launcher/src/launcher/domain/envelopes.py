"""What a CRM's command says, and whether it says the same as another."""

import hashlib
from typing import Any

from runtime.documents import Unreadable, digest, read_json
from runtime.envelopes import Envelope


def data_of(envelope: Envelope) -> Any | Unreadable:
    return envelope.parsed if envelope.structured else read_json(envelope.body)


def fingerprint(envelope: Envelope, data: Any | Unreadable) -> bytes:
    """Equal for the same data in either mode and any spelling; of the bytes where they are no document."""
    return hashlib.sha256(envelope.body).digest() if isinstance(data, Unreadable) else digest(data)
