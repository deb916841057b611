"""messaging's tables, the mail provider and what really happened, in memory. One partition number of sends of one
launch; a second number is the launch's home, where its control records are read."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from unit.model.chance import Chance, Violation
from unit.model.play import Player
from unit.model.transactions import Database


class State(StrEnum):
    PLANNED = "planned"
    SENDING = "sending"
    ACCEPTED = "accepted"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class Act(StrEnum):
    """`messaging.domain.deliveries.Act`."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    DEFER = "defer"
    LOSE = "lose"
    GIVE_BACK = "give_back"
    SKIP = "skip"


OPEN = (State.PLANNED, State.SENDING)
ANSWERS = (
    (True, Act.ACCEPT),
    (True, Act.ACCEPT),
    (True, Act.LOSE),
    (False, Act.LOSE),
    (False, Act.DEFER),
    (False, Act.DEFER),
    (False, Act.REFUSE),
)
"""Whether the provider has the mail after the final dot, and what it says."""


@dataclass(slots=True)
class Send:
    """A row of `send`."""

    id: int
    state: State = State.PLANNED
    attempts: int = 0
    dot_epoch: int | None = None


class World:
    def __init__(self, chance: Chance, task: Callable[["World"], Player], control: Callable[["World"], Player]) -> None:
        self.chance = chance
        self.history: list[str] = []
        self._task, self._control = task, control
        self.database = Database(chance)
        self.sends = [Send(id) for id in range(1 + chance.pick(3))]
        self.gate, self.revision = "running", 1
        self.withdrawn: set[int] = set()
        """Whose consent is gone, by send: the replica of `contacts.changes`."""
        self.changes: list[int] = []
        self.controls: list[tuple[int, str]] = []
        self.read = {"changes": 0, "controls": 0}
        """Cursors."""
        self._coming = [2, 3, 4][: chance.pick(4)]
        """Revisions of control records to come: the second and fourth launch state is not running."""
        self._withdrawing = [send.id for send in self.sends if chance.one_in(4)]
        self._has: Counter[int] = Counter()
        self._giver: dict[int, Any] = {}
        """Which process handed it over."""

    # From outside

    def cast(self) -> Sequence[tuple[str, Callable[[], Player]]]:
        return ("sends", lambda: self._task(self)), ("home", lambda: self._control(self))

    def happen(self) -> None:
        """A withdrawal or a control record comes."""
        if self._withdrawing and (self.chance.pick(2) or not self._coming):
            self.changes.append(self._withdrawing.pop())
        elif self._coming:
            revision = self._coming.pop(0)
            state = ("running", "paused", "running", "stopped")[revision - 1]
            self.controls.append((revision, state))

    def at_rest(self) -> bool:
        if self.gate == "paused" and not self._coming:
            self._coming = [self.revision + 1]
        return not self._withdrawing and not self._coming

    def final_dot(self, process: object, send: int) -> Act:
        """The provider gets the message, and perhaps answers."""
        taken, answer = ANSWERS[self.chance.pick(len(ANSWERS))]
        self.history.append(f"final dot of {send}: {'taken' if taken else 'not taken'}, {answer}")
        self._giver[send] = None if answer is Act.LOSE else process
        self._has[send] += taken
        if self._has[send] > 1:
            raise Violation("I6: the provider took a mail twice")
        return answer

    # What commits do

    def move_gate(self, revision: int, state: str) -> None:
        self.history.append(f"gate {state}")
        self.gate, self.revision = state, revision

    def withdraw(self, contact: int) -> None:
        self.history.append(f"consent for {contact} withdrawn")
        self.withdrawn.add(contact)

    def change(self, process: object, id: int, state: State, attempts: int, dot_epoch: int | None) -> None:
        """A row's new state. Whoever looks at the history of committed states finds no mistake."""
        send = self.sends[id]
        self.history.append(f"{id}: {send.state} -> {state}")
        if send.state not in OPEN and state is not send.state:
            raise Violation("I4: a send had two ends")
        if state is State.SENDING and send.state is State.PLANNED:
            if self.gate != "running":
                raise Violation("I13: a dot was committed behind a closed gate")
            if id in self.withdrawn:
                raise Violation("I15: a dot was committed after the withdrawal")
        if state is State.UNKNOWN and self._giver.get(id) is process and not self.database.lost:
            raise Violation("honesty: unknown to the very process that knows")
        send.state, send.attempts, send.dot_epoch = state, attempts, dot_epoch

    def check_end(self) -> None:
        for send in self.sends:
            if send.state in OPEN:
                raise Violation(f"I19: a send stays {send.state}")
            if self._has[send.id] and send.state not in (State.ACCEPTED, State.UNKNOWN):
                raise Violation("I7: the provider has a mail that is neither accepted nor unknown")
            if send.state is State.ACCEPTED and not self._has[send.id]:
                raise Violation("I7: accepted, and the provider does not have it")
