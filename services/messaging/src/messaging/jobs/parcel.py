"""One mail on its way through this process, between a number's task and the worker who carries it."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from messaging.domain.deliveries import Act
from messaging.domain.handover import Answer, Attempt
from messaging.domain.sends import Mail, SendKey

if TYPE_CHECKING:
    from messaging.jobs.desk import Desk

GIVEN_BACK = Answer(Act.GIVE_BACK)


class Stage(StrEnum):
    MADE = "made"
    """A worker will take it, or is talking to the provider about it: still `planned`."""
    OFFERED = "offered"
    """The provider waits for the message; a worker waits for our word."""
    DECIDING = "deciding"
    """The transaction of its `dot` is running."""
    GIVEN = "given"
    """Its `dot` is committed; the answer is outstanding."""
    ANSWERED = "answered"
    """What became of it is to be recorded."""


@dataclass(eq=False, slots=True)
class Asking:
    """A worker waits for our word about some mails."""

    said: "asyncio.Future[None]"
    """Ends with the word about the last of them."""
    left: int


@dataclass(eq=False, slots=True)
class Parcel:
    """One mail on its way through this process."""

    attempt: Attempt
    mail: Mail | None
    desk: "Desk"
    stage: Stage = Stage.MADE
    answer: Answer | None = None
    asking: Asking | None = None
    """There from when a worker asks for our word."""
    word: bool | None = None
    """What the worker was told: it may be handed over, or not."""
    over: "asyncio.Future[None] | None" = None
    """That nothing is to be recorded of it any more; there while a worker waits for that."""

    @property
    def let_go(self) -> bool:
        """The worker was told no while the transaction ran: whatever that decides, nothing was handed over."""
        return self.word is not None and self.stage in (Stage.OFFERED, Stage.DECIDING)

    @property
    def key(self) -> SendKey:
        return self.attempt.key


def tell(parcel: Parcel, go: bool) -> None:
    """The worker hears the word about it, once."""
    if parcel.word is None and parcel.asking is not None:
        parcel.word = go
        parcel.asking.left -= 1
        if not parcel.asking.left and not parcel.asking.said.done():
            parcel.asking.said.set_result(None)
