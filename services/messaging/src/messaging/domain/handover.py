"""The two decisions about a send that is on its way: may its `dot` be committed, and what does its answer mean?"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from contracts.words import ControlState, DeliveryState
from messaging.domain.deliveries import Act, Stay, advance
from messaging.domain.launches import Launch
from messaging.domain.retries import Backoff
from messaging.domain.sends import Change, SendKey, StoredSend


class Answer(NamedTuple):
    """What became of one mail at the provider, or before it got there."""

    act: Act
    reason: str | None = None


class Attempt(NamedTuple):
    """One try at one send, as this process remembers it."""

    send: StoredSend
    """As it was when the mail was made."""
    address: str
    """The contact's address then."""
    dot_epoch: int | None = None
    """Of the lease whose transaction put it, or may have put it, at the `dot`; None: none has tried."""

    @property
    def key(self) -> SendKey:
        return self.send.key

    @property
    def attempts(self) -> int:
        """Of the stored send when the mail was made."""
        return self.send.attempts

    def remembered(self) -> StoredSend:
        """What the database holds, unless a COMMIT's answer was lost or somebody else has moved it since."""
        if self.dot_epoch is None:
            return self.send
        sending = DeliveryState.SENDING
        return self.send._replace(state=sending, attempts=self.send.attempts + 1, dot_epoch=self.dot_epoch)

    def at(self, epoch: int) -> "Attempt":
        """With the `dot` of this lease."""
        return Attempt(self.send, self.address, epoch)


@dataclass(frozen=True, slots=True)
class Go:
    """Hand it over as soon as `change` is committed; no change: the `dot` was committed before, by ourselves."""

    change: Change | None


@dataclass(frozen=True, slots=True)
class Drop:
    """Do not hand it over; `change` if that ends it, else it stays as it is and is looked at again."""

    change: Change | None = None


def at_the_dot(
    attempt: Attempt, stored: StoredSend | None, launch: Launch | None, now: datetime, epoch: int, behind: bool = False
) -> Go | Drop | Stay:
    """Judge everything again that may have changed since the mail was made. Stay.REFUSE: a bug, drop it.

    `behind`: what contacts said of late is not known, so only administrative messages go.
    """
    if stored is None:
        return Stay.REFUSE
    if stored.state is DeliveryState.SENDING and is_ours(attempt, stored):
        return Go(None)
    state = advance(stored.state, Act.HAND_OVER)
    if isinstance(state, Stay):
        return state if state is Stay.REFUSE else Drop()
    if launch is None or launch.gate is ControlState.PAUSED or stored.attempts != attempt.attempts:
        return Drop()
    if behind and launch.plan.is_marketing(stored.key.step):
        return Drop()
    standing = stored.standing(launch.plan.messages[stored.key.step].message_type)
    kept = launch.plan.judge(standing, stored.key.step, launch.gate)
    if kept is not None:
        return Drop(Change(stored.key, stored.state, kept.state, kept.reason, stored.attempts, None))
    if standing.email != attempt.address:
        return Drop()
    return Go(Change(stored.key, stored.state, state, None, stored.attempts + 1, now, epoch))


def settle(
    attempt: Attempt, answer: Answer, stored: StoredSend | None, now: datetime, backoff: Backoff
) -> Change | Stay:
    """What an answer makes of the send. Late and repeated ones change nothing; Stay.REFUSE: a bug."""
    if stored is None:
        return Stay.REFUSE
    state = advance(stored.state, answer.act)
    if state is Stay.REFUSE:
        repeated = stored.state is DeliveryState.ACCEPTED and stored.attempts == attempt.attempts + 1
        return Stay.IGNORE if repeated and answer.act is Act.ACCEPT else Stay.REFUSE
    if isinstance(state, Stay) or not _of_this_attempt(attempt, stored):
        return Stay.IGNORE
    attempts = stored.attempts
    if answer.act is Act.DEFER:
        attempts += stored.state is DeliveryState.PLANNED
        pause = backoff.after(attempts)
        if pause is None:
            return Change(stored.key, stored.state, DeliveryState.FAILED, answer.reason, attempts, None)
        return Change(stored.key, stored.state, state, answer.reason, attempts, now + pause)
    again = now if state is DeliveryState.PLANNED else None
    return Change(stored.key, stored.state, state, answer.reason, attempts, again)


def is_ours(attempt: Attempt, stored: StoredSend) -> bool:
    """Whether the `dot` that is stored is the one of this very attempt, and not of another owner of the partition."""
    return stored.dot_epoch == attempt.dot_epoch is not None and stored.attempts == attempt.attempts + 1


def _of_this_attempt(attempt: Attempt, stored: StoredSend) -> bool:
    if stored.state is DeliveryState.SENDING:
        return is_ours(attempt, stored)
    return stored.attempts == attempt.attempts
