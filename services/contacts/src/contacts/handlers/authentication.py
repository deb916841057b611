"""Whether a record of `crm.contacts` comes from whom it says: the signature, its time, and what the key may."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from contacts.domain.envelope import Rejection, unbelievable
from contacts.ports import SigningKey
from contracts.words import Permission
from runtime.envelopes import Envelope
from runtime.errors import Transient
from runtime.records import Record
from runtime.sealing import SealBroken, unseal
from runtime.signing import timely, verify

PATIENCE = timedelta(seconds=3)
"""So young may a record be whose key is not known yet: keys come on another topic, perhaps a moment later."""


@dataclass(frozen=True, slots=True)
class Believed:
    """A record that its key vouches for. Its id is used up, whatever becomes of it."""

    project: str
    envelope: Envelope
    may_write: bool


class Authentication:
    def __init__(self, secret_key: str) -> None:
        self._secret_key = secret_key
        self._waited_for: dict[str, None] = {}

    def is_early(self, record: Record, envelope: Envelope, keys: Mapping[str, SigningKey], now: datetime) -> bool:
        """Whether its key may still be on the way. Once waited in vain for a key, nobody waits for it again."""
        if unbelievable(envelope) is not None or envelope.key_id in keys or envelope.key_id in self._waited_for:
            return False
        if now - datetime.fromtimestamp(record.timestamp / 1000, UTC) < PATIENCE:
            return True
        if len(self._waited_for) >= 1000:
            del self._waited_for[next(iter(self._waited_for))]
        self._waited_for[envelope.key_id] = None
        return False

    def judge(self, record: Record, envelope: Envelope, keys: Mapping[str, SigningKey]) -> Believed | Rejection:
        """A Rejection here is of somebody unknown: it uses up no id and names no project. Raises Transient."""
        if (wrong := unbelievable(envelope)) is not None:
            return wrong
        key = keys.get(envelope.key_id)
        if key is None or key.revoked:
            state = "does not exist" if key is None else "was revoked"
            return Rejection("unknown_key", f"the key {envelope.key_id[:64]} {state}: make one with `POST /v1/keys`")
        try:
            secret = unseal(key.sealed_secret, self._secret_key)
        except SealBroken as error:  # a setting is wrong, not the record
            raise Transient(f"key {envelope.key_id[:64]}: {error}") from error
        signed = (envelope.id, envelope.time, envelope.source, envelope.type, envelope.body)
        if not verify(envelope.signatures, secret, *signed):
            return Rejection(
                "bad_signature",
                "HMAC-SHA256 with the key's signing secret over {ce_id}.{ce_time}.{ce_source}.{ce_type}. and the body"
                " as sent gives something else (docs/crm.md has a test vector)",
            )
        if not timely(envelope.time, record.timestamp):
            return Rejection(
                "too_old",
                "ce_time (RFC 3339) is not within 5 minutes of the time at which the broker took the record:"
                " set it and sign anew at every attempt to send",
            )
        return Believed(key.project, envelope, Permission.CONTACTS_WRITE in key.grants)
