"""contacts' walk, executor's tables and what really happened, in memory. One launch whose instances send, wait and send
again; messaging, which only answers here, is tried in `handover`."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from unit.model.chance import Chance, Violation
from unit.model.play import Player
from unit.model.transactions import Database

NUMBERS = 2
SENDS = 2
Control = tuple[int, str]
"""Revision and control state."""


@dataclass(slots=True)
class Instance:
    """A row of `process_instance`. `step` is the message that it waits for, or that comes next."""

    id: int
    status: str
    step: int
    due_at: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A row of `work_order`."""

    kind: str
    revision: int
    after: int = -1


class World:
    def __init__(
        self,
        chance: Chance,
        task: Callable[["World", int], Player],
        control: Callable[["World"], Player],
        walk: Callable[["World"], Player],
    ) -> None:
        self.chance = chance
        self.history: list[str] = []
        self._task, self._control, self._walk = task, control, walk
        self.database = Database(chance)
        self.now = 0
        self.contacts = range(2 + chance.pick(4))
        self.controls: list[Control] = [(1, "running")]
        """`launcher.launches`; records may be repeated."""
        self.targets: list[list[int]] = [[] for _ in range(NUMBERS)]
        self.deliveries: list[list[tuple[int, int]]] = [[] for _ in range(NUMBERS)]
        self.read: dict[str, int] = defaultdict(int)
        """Cursors: of contacts, of executor, and by number of its targets and deliveries."""
        self.walked = 0
        self.contacts_gate, self.contacts_revision = "running", 1
        self.gate, self.revision = "running", 1
        """executor's."""
        self.orders: dict[int, Order] = {}
        self.instances: dict[int, Instance] = {}
        self.places: set[int] = set()
        """Recurrence rows."""
        self.outcomes: dict[int, str] = {}
        self._coming: list[Control] = [(2, "paused"), (3, "running"), (4, "paused")][: chance.pick(4)]
        # Each record changes the state, as all that launcher writes do: one that says `running` again, with a higher
        # revision, would make executor drop a resume order that is not carried out yet (`PostgresGates.turn`).
        if chance.pick(3):
            self._coming.append((5, "stopped"))
        elif len(self._coming) % 2:
            self._coming.append((5, "running"))
        self._requests: list[tuple[int, int]] = []
        self._unanswered: list[tuple[int, int]] = []
        self._answered: set[tuple[int, int]] = set()

    def cast(self) -> Sequence[tuple[str, Callable[[], Player]]]:
        numbers = [(f"executor {n}", lambda n=n: self._task(self, n)) for n in range(NUMBERS)]
        return [("contacts", lambda: self._walk(self)), ("home", lambda: self._control(self)), *numbers]

    def happen(self) -> None:
        """Time passes; a control record or a delivery comes, perhaps again."""
        self.now += 1
        what = self.chance.pick(4)
        if self._coming and what == 0:
            self.controls.append(self._coming.pop(0))
        elif what == 1:
            self.controls.append(self.controls[self.chance.pick(len(self.controls))])
        elif self._unanswered:
            id, step = self._unanswered[self.chance.pick(len(self._unanswered))]
            if not self.chance.one_in(4):
                self._unanswered.remove((id, step))
            if self.gate != "stopped" or self.chance.pick(2):  # else messaging cancelled it: nothing settles
                self.deliveries[id % NUMBERS].append((id, step))
                self._answered.add((id, step))

    def at_rest(self) -> bool:
        if self._coming:
            self.controls.append(self._coming.pop(0))
            return False
        return not self._unanswered and all(each.due_at is None for each in self.instances.values())

    # What commits do

    def move_gate(self, control: Control) -> None:
        self.history.append(f"executor's gate {control[1]}")
        self.revision, self.gate = control

    def request(self, id: int, step: int) -> None:
        """A message goes out."""
        self.history.append(f"{id} asks for message {step}")
        if self.gate != "running":
            raise Violation("I13: a step request was committed behind a closed gate")
        if step != sum(one == id for one, _ in self._requests):
            raise Violation("I14: sends of one instance repeated or out of order")
        self._requests.append((id, step))
        self._unanswered.append((id, step))

    def put(self, instance: Instance) -> None:
        self.instances[instance.id] = instance

    def end(self, id: int, outcome: str) -> None:
        self.history.append(f"{id}: {outcome}")
        if id in self.outcomes:
            raise Violation("I4: a target had two outcomes")
        if outcome == "success" and any((id, step) not in self._answered for step in range(SENDS)):
            raise Violation("I4: a success before the last message was answered")
        self.outcomes[id] = outcome

    def check_end(self) -> None:
        if self.outcomes.keys() != set(self.contacts):
            raise Violation("I4: a target has no outcome")
        if self.places != self.instances.keys():
            raise Violation("a contact's place was used up without an instance")
        if self.gate == "running" and set(self.outcomes.values()) != {"success"}:
            raise Violation("I2: stopped, and nobody had said so")
