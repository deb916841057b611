"""How a send gets from planned to its end, never twice: `messaging.jobs.handover` with its desk and its workers."""

from dataclasses import dataclass

from unit.model.handover.control import GATE
from unit.model.handover.world import Act, Send, State, World
from unit.model.transactions import Fenced, Lost, Steps, Task, Transaction

WORKERS = 2
LOAD = 2
"""Mails of one worker at the `dot`."""
MOST_TRIES = 3


@dataclass(slots=True, eq=False)
class Parcel:
    """`desk.Parcel` and its `handover.Attempt`."""

    id: int
    attempts: int
    stage: str = "made"
    """made, talking, offered, deciding, given or answered."""
    dot_epoch: int | None = None
    answer: Act | None = None
    word: bool | None = None


class Process(Task):
    """One number's task and the workers of its process, in turn in one event loop; all in hand dies with it."""

    def __init__(self, world: World) -> None:
        super().__init__(world.database, "sends")
        self.world = world
        self.hand: dict[int, Parcel] = {}
        self.settled_for = 0
        """`Desk.epoch`: for which lease foreign dots were put in order."""
        self._loop = [self._steps, *(self.worker() for _ in range(WORKERS))]
        self._idle: set[int] = set()
        self._turn = 0

    def step(self) -> bool:
        skip = 0 if self._idle else self.world.chance.pick(2)
        self._turn = (self._turn + 1 + skip) % len(self._loop)
        if next(self._loop[self._turn]):
            self._idle.add(self._turn)
        else:
            self._idle.clear()
        return len(self._idle) == len(self._loop)

    def turns(self) -> Steps:
        while True:
            if self.settled_for != self.epoch:
                yield from self.transact(self.take_over)
                self.taken_over()
            yield from self.keep_changes()
            yield from self.record()
            yield from self.make()
            self.fence()
            yield True

    # HandOver._take_over

    def take_over(self, tx: Transaction) -> None:
        for send in self.at(State.SENDING):
            if self.is_ours(self.hand.get(send.id), send):
                self.put(tx, send, State.SENDING, dot_epoch=self.epoch)
            else:
                self.put(tx, send, State.UNKNOWN)

    def taken_over(self) -> None:
        for send in self.at(State.SENDING):
            if send.id in self.hand:
                self.hand[send.id].dot_epoch = self.epoch
        self.settled_for = self.epoch

    def is_ours(self, parcel: Parcel | None, send: Send) -> bool:
        """`handover.is_ours`: the `dot` that is stored is that of this very attempt."""
        return (
            parcel is not None
            and parcel.dot_epoch is not None
            and parcel.dot_epoch == send.dot_epoch
            and parcel.attempts + 1 == send.attempts
        )

    # Handlers.on_changes

    def keep_changes(self) -> Steps:
        at = self.world.read["changes"]
        if at < len(self.world.changes):
            yield from self.transact(lambda tx: self.keep_change(tx, at))

    def keep_change(self, tx: Transaction, at: int) -> None:
        tx.write(lambda: self.world.withdraw(self.world.changes[at]))
        tx.write(lambda: self.world.read.update(changes=at + 1))

    # HandOver._record

    def record(self) -> Steps:
        answered = [parcel for parcel in self.hand.values() if parcel.stage == "answered"]
        offered = [parcel for parcel in self.hand.values() if parcel.stage == "offered"]
        if not answered and not offered:
            return
        for parcel in offered:
            parcel.stage, parcel.dot_epoch = "deciding", self.epoch
        go: set[int] = set()
        try:
            yield from self.transact(lambda tx: self.decide(tx, answered, offered, go))
        except (Lost, Fenced):
            self.undecided(offered)
            raise
        for parcel in answered:
            self.forget(parcel)
        for parcel in offered:
            self.say(parcel, parcel.id in go)

    def undecided(self, offered: list[Parcel]) -> None:
        """`Desk.undecided`: perhaps it failed only after its commit; the next transaction will see."""
        for parcel in offered:
            parcel.stage = "offered"

    def decide(self, tx: Transaction, answered: list[Parcel], offered: list[Parcel], go: set[int]) -> Steps:
        if offered:
            yield from self.pass_gate(tx)
        for parcel in answered:
            self.settle(tx, parcel)
        go.update(parcel.id for parcel in offered if self.at_the_dot(tx, parcel))

    def pass_gate(self, tx: Transaction) -> Steps:
        """`PostgresLaunches.pass_gates`; the state is read after it, by a second statement."""
        yield from tx.lock(GATE, shared=True)

    def at_the_dot(self, tx: Transaction, parcel: Parcel) -> bool:
        """`handover.at_the_dot`: everything that may have changed since the mail was made is judged again."""
        send = self.world.sends[parcel.id]
        if send.state is State.SENDING and self.is_ours(parcel, send):
            return True
        if send.state is not State.PLANNED or send.attempts != parcel.attempts:
            return False
        if self.gate() != "running":
            return False
        if self.withdrawn(send):
            self.put(tx, send, State.SKIPPED)
            return False
        self.put(tx, send, State.SENDING, attempts=send.attempts + 1, dot_epoch=self.epoch)
        return True

    def gate(self) -> str:
        return self.world.gate

    def withdrawn(self, send: Send) -> bool:
        return send.id in self.world.withdrawn

    def settle(self, tx: Transaction, parcel: Parcel) -> None:
        """`handover.settle`: late and repeated answers change nothing."""
        send, answer = self.world.sends[parcel.id], parcel.answer
        assert answer is not None
        if not self.of_this_attempt(parcel, send):
            return
        if answer is Act.DEFER:
            attempts = send.attempts + (send.state is State.PLANNED)
            state = State.PLANNED if attempts < MOST_TRIES else State.FAILED
            self.put(tx, send, state, attempts=attempts)
        elif send.state is State.SENDING or answer in (Act.REFUSE, Act.SKIP):
            self.put(tx, send, self.meaning(answer))

    def of_this_attempt(self, parcel: Parcel, send: Send) -> bool:
        if send.state is State.SENDING:
            return self.is_ours(parcel, send)
        return send.state is State.PLANNED and send.attempts == parcel.attempts

    def meaning(self, answer: Act) -> State:
        """`deliveries._ROWS`, of `sending`."""
        return {
            Act.ACCEPT: State.ACCEPTED,
            Act.REFUSE: State.FAILED,
            Act.LOSE: State.UNKNOWN,
            Act.GIVE_BACK: State.PLANNED,
            Act.SKIP: State.SKIPPED,
        }[answer]

    # HandOver._make

    def make(self) -> Steps:
        if self.world.gate == "stopped":
            if self.to_cancel():
                yield from self.transact(self.cancel)
        elif self.world.gate == "running":
            new = [send for send in self.at(State.PLANNED) if send.id not in self.hand]
            for send in new:
                yield False
                self.hand[send.id] = Parcel(send.id, send.attempts)

    def to_cancel(self) -> list[Send]:
        return self.at(State.PLANNED)

    def cancel(self, tx: Transaction) -> None:
        """`PostgresSends.cancel_launch`."""
        for send in self.to_cancel():
            self.put(tx, send, State.CANCELLED)

    # workers.Worker

    def worker(self) -> Steps:
        while True:
            parcel = self.take()
            if parcel is None:
                yield True
                continue
            yield False  # connect, MAIL, RCPT: safe to repeat
            if self.world.chance.one_in(10):
                parcel.stage, parcel.answer = "answered", Act.DEFER
                continue
            load = [parcel]
            while len(load) < LOAD and (another := self.take()) is not None:
                load.append(another)
            for each in load:
                each.stage, each.word = "offered", None
            for each in load:
                yield from self.wait_for_word(each)
            yield from self.hand_over([each for each in load if each.word], whole=bool(parcel.word))

    def take(self) -> Parcel | None:
        parcel = next((each for each in self.hand.values() if each.stage == "made"), None)
        if parcel is not None:
            parcel.stage = "talking"
        return parcel

    def hand_over(self, given: list[Parcel], whole: bool) -> Steps:
        """One after the other; `whole`: the session waits for the first one's message, else it is of no use."""
        for parcel in given:
            if not whole or self.world.chance.one_in(10):
                whole = False  # the session is lost
                self.give_back(parcel)
                continue
            yield False
            answer = self.world.final_dot(self, parcel.id)
            yield False
            parcel.stage, parcel.answer = "answered", answer
            whole = answer is not Act.LOSE
            yield False

    def give_back(self, parcel: Parcel) -> None:
        """`Worker._give_back`: nothing of it has left."""
        parcel.stage, parcel.answer = "answered", Act.GIVE_BACK

    def wait_for_word(self, parcel: Parcel) -> Steps:
        while parcel.word is None:
            yield True
            if self.world.chance.one_in(25):
                self.expire(parcel)

    def expire(self, parcel: Parcel) -> None:
        """`Desk._expire`: not while the transaction runs, whose outcome decides."""
        if parcel.stage == "offered":
            self.say(parcel, False)

    def say(self, parcel: Parcel, go: bool) -> None:
        """`Desk._say`: one that may be at the `dot` and is dropped is known not to have been handed over."""
        if go:
            parcel.stage = "given"
        elif parcel.dot_epoch is not None and parcel.stage == "offered":
            parcel.stage, parcel.answer = "answered", Act.GIVE_BACK
        else:
            self.forget(parcel)
        parcel.word = go

    def forget(self, parcel: Parcel) -> None:
        self.hand.pop(parcel.id, None)

    # Rows

    def at(self, state: State) -> list[Send]:
        return [send for send in self.world.sends if send.state is state]

    def put(
        self, tx: Transaction, send: Send, state: State, attempts: int | None = None, dot_epoch: int | None = None
    ) -> None:
        tries = send.attempts if attempts is None else attempts
        tx.write(lambda: self.world.change(self, send.id, state, tries, dot_epoch))
