"""Ways to hand mails over twice, to the wrong ones, or to lie about it."""

from unit.model.handover.control import Control
from unit.model.handover.protocol import Parcel, Process
from unit.model.handover.world import Act, Send, State
from unit.model.transactions import Steps, Transaction


class RecordsBeforeTheAnswer(Process):
    """The transaction of the `dot` writes down the result as well."""

    def at_the_dot(self, tx: Transaction, parcel: Parcel) -> bool:
        go = super().at_the_dot(tx, parcel)
        if go:
            self.put(tx, self.world.sends[parcel.id], State.ACCEPTED)
        return go


class HandsOverBeforeTheDot(Process):
    """A worker does not wait for the word."""

    def wait_for_word(self, parcel: Parcel) -> Steps:
        yield False
        parcel.word = True


class WithoutEpoch(Process):
    """The `dot` and results are written whoever owns the number."""

    def enter(self, tx: Transaction) -> Steps:
        yield False

    def check_owner(self) -> None:
        """Only what comes of it is to be found."""


class WithoutEpochWatched(WithoutEpoch):
    """The same, noticed at the commit."""

    def check_owner(self) -> None:
        Process.check_owner(self)


class DotWithoutGate(Process):
    """The gate was open when the mail was made: that is enough."""

    def gate(self) -> str:
        return "running"


class DotWithoutLock(Process):
    """The gate is looked at again, but nothing holds it until the commit."""

    def pass_gate(self, tx: Transaction) -> Steps:
        yield False


class GateMovedWithoutLock(Control):
    """A stop does not wait for the transactions that are past the gate."""

    def control(self, tx: Transaction) -> Steps:
        at = self.world.read["controls"]
        revision, state = self.world.controls[at]
        yield False
        if revision > self.world.revision:
            tx.write(lambda: self.world.move_gate(revision, state))
        tx.write(lambda: self.world.read.update(controls=at + 1))


class ConsentFromBefore(Process):
    """Consent is what it was when the mail was made, before the transaction of the `dot`."""

    def withdrawn(self, send: Send) -> bool:
        return False

    def make(self) -> Steps:
        for send in self.at(State.PLANNED):
            if send.id in self.world.withdrawn and send.id not in self.hand:
                self.hand[send.id] = Parcel(send.id, send.attempts, "answered", answer=Act.SKIP)
        yield from super().make()


class RepeatsForeignDots(Process):
    """A new owner begins again with what it finds at the `dot`."""

    def take_over(self, tx: Transaction) -> None:
        for send in self.at(State.SENDING):
            if not self.is_ours(self.hand.get(send.id), send):
                self.put(tx, send, State.PLANNED)
            else:
                self.put(tx, send, State.SENDING, dot_epoch=self.epoch)


class LeavesForeignDots(Process):
    """A new owner takes it that somebody is busy with what it finds at the `dot`."""

    def take_over(self, tx: Transaction) -> None:
        pass

    def taken_over(self) -> None:
        self.settled_for = self.epoch


class WithoutRestamp(Process):
    """The number is taken again: what this process itself is handing over is called unknown."""

    def take_over(self, tx: Transaction) -> None:
        for send in self.at(State.SENDING):
            self.put(tx, send, State.UNKNOWN)


class RepeatsWithoutAnswer(Process):
    """No answer after the dot: it is tried again."""

    def meaning(self, answer: Act) -> State:
        return State.PLANNED if answer is Act.LOSE else super().meaning(answer)


class NoAnswerIsFailure(Process):
    """No answer after the dot: it did not get there."""

    def meaning(self, answer: Act) -> State:
        return State.FAILED if answer is Act.LOSE else super().meaning(answer)


class KnowsBetter(Process):
    """A late acceptance makes something else of what was counted as unknown."""

    def of_this_attempt(self, parcel: Parcel, send: Send) -> bool:
        return send.state is State.UNKNOWN or super().of_this_attempt(parcel, send)

    def settle(self, tx: Transaction, parcel: Parcel) -> None:
        send = self.world.sends[parcel.id]
        if send.state is State.UNKNOWN and parcel.answer is Act.ACCEPT:
            self.put(tx, send, State.ACCEPTED)
        elif send.state is not State.UNKNOWN:
            super().settle(tx, parcel)


class CancelsTheDotted(Process):
    """A stop takes back what the provider may have already."""

    def to_cancel(self) -> list[Send]:
        return [*self.at(State.PLANNED), *self.at(State.SENDING)]


class LosesWhatHasNotLeft(Process):
    """A worker whose session breaks gives up the whole load, what it has not begun with too."""

    def give_back(self, parcel: Parcel) -> None:
        self.forget(parcel)


class ExpiresWhileDeciding(Process):
    """A worker loses patience while the transaction of the `dot` runs."""

    def expire(self, parcel: Parcel) -> None:
        if parcel.stage in ("offered", "deciding"):
            self.say(parcel, False)

    def say(self, parcel: Parcel, go: bool) -> None:
        if parcel.word is None:
            super().say(parcel, go)


class TakesLostForRolledBack(Process):
    """No answer to the COMMIT: the mails are offered no more, and made again."""

    def undecided(self, offered: list[Parcel]) -> None:
        for parcel in offered:
            parcel.dot_epoch = None
            self.say(parcel, False)
