"""Whose command is it? The key's project decides; a record that fails here uses up no id."""

from launcher.domain.parties import Asker
from launcher.domain.refusals import Refusal
from launcher.ports import Keys, Seals
from runtime.envelopes import Envelope
from runtime.records import Record
from runtime.signing import WINDOW, timely, verify
from runtime.transaction import Connection


class Authentication:
    def __init__(self, keys: Keys, seals: Seals) -> None:
        self._keys = keys
        self._seals = seals

    async def asker(self, connection: Connection, envelope: Envelope, record: Record) -> Asker | Refusal:
        """The key that signed, with its project and grants."""
        if envelope.flaw is not None:
            return Refusal(envelope.flaw.code, envelope.flaw.detail)
        key_id, signatures = envelope.key_id, envelope.signatures
        if not key_id or not signatures:
            return Refusal("unsigned", "Send the headers slipway-key and slipway-signature: commands are signed.")
        key = await self._keys.load(connection, key_id)
        if key is None or key.revoked:
            return Refusal(
                "unknown_key", f"There is no key {key_id[:64]}, or it was revoked: sign with one that is valid."
            )
        secret = self._seals.unseal(key.sealed_secret)
        if not verify(signatures, secret, envelope.id, envelope.time, envelope.source, envelope.type, envelope.body):
            detail = (
                "The signature is not that of this record under this key: sign id, time, source, type and body anew."
            )
            return Refusal("bad_signature", detail)
        if not timely(envelope.time, record.timestamp):
            minutes = int(WINDOW.total_seconds() // 60)
            return Refusal(
                "too_old",
                f"ce_time must be RFC 3339 and within {minutes} minutes of when the broker appended the record: "
                "set it when sending and sign anew (the id may stay).",
            )
        return Asker(key.project, key.key_id, key.grants)
