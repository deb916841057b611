"""What mail providers report over HTTP: who may, signed as in Standard Webhooks, and what they say."""

import hmac
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from messaging.domain.deliveries import Act
from messaging.domain.links import LONGEST
from runtime.webhook_signing import read_secret, sign

WINDOW = timedelta(minutes=5)
"""How far a webhook's time may lie from ours."""
MOST_EVENTS = 1000
_MOST_SIGNATURES = 8


Text = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$")]


class Happened(StrEnum):
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Told(BaseModel):
    """One event. The message is named by the value of its `X-Slipway-Ref`, or by its parts."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    ref: str | None = Field(None, max_length=LONGEST)
    launch_id: Text | None = Field(None, max_length=64)
    contact_id: Text | None = Field(None, max_length=128)
    step: Text | None = Field(None, max_length=63)
    occurrence: int = Field(1, ge=1, le=2**31 - 1)
    event: Happened
    hard: bool = True
    """Of a bounce: for good. One that is not changes nothing."""
    recipient: Text | None = Field(None, max_length=320)
    detail: Text | None = Field(None, max_length=200)

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.ref is None and None in (self.launch_id, self.contact_id, self.step):
            raise ValueError("name the message: `ref`, or `launch_id`, `contact_id` and `step`")
        return self

    @property
    def act(self) -> Act | None:
        """None: it changes nothing."""
        if self.event is Happened.BOUNCED:
            return Act.BOUNCE if self.hard else None
        return Act.DELIVER if self.event is Happened.DELIVERED else Act.COMPLAIN


class Batch(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    events: list[Told] = Field(max_length=MOST_EVENTS)


class Secrets:
    """By provider. Several of one provider: any of them signs, so that they can be changed."""

    def __init__(self, text: str = "") -> None:
        """`ses:whsec_<base64>,ses:whsec_<base64>,other:…`. Raises ValueError."""
        self._keys: Mapping[str, list[bytes]] = defaultdict(list)
        for entry in filter(None, map(str.strip, text.split(","))):
            provider, _, secret = entry.partition(":")
            try:
                key = read_secret(secret)
            except ValueError as error:
                raise ValueError(f"{provider or 'an entry'}: after its name and a colon, {error}") from None
            if not provider:
                raise ValueError("an entry has no name: write `name:whsec_<base64>`")
            self._keys[provider].append(key)

    def signed(self, provider: str, id: str, timestamp: str, signatures: str, body: bytes) -> bool:
        """Whether one of the space-separated signatures is this provider's. How old it is, `timely` says."""
        given = [each.encode() for each in signatures.split()[:_MOST_SIGNATURES]]
        right = [sign(key, id, timestamp, body).encode() for key in self._keys.get(provider, ())]
        return any([hmac.compare_digest(one, other) for one in right for other in given])  # noqa: C419 - all of them


def timely(timestamp: str, now: datetime) -> bool:
    """`timestamp`: seconds since 1970."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 11):
        return False
    return abs(now.timestamp() - int(timestamp)) <= WINDOW.total_seconds()


def last(acts: Sequence[Act]) -> list[Act]:
    """In the order in which one may follow the other, each once."""
    return sorted(set(acts), key=(Act.DELIVER, Act.BOUNCE, Act.COMPLAIN).index)
