"""One seeded run: tasks take turns at random, and faults befall them at every boundary."""

from dataclasses import dataclass
from random import Random

from unit.model.delivery.protocol import Running, Task
from unit.model.delivery.world import STAGES, Violation, World

TURNS = (20, 90)
BURST = 7
END_TURNS = 4_000


@dataclass(slots=True)
class Assigned:
    """A partition number of a service: the task that Kafka gave it to, and those that do not know yet that it moved."""

    stage: int
    number: int
    task: Running
    zombies: list[Running]
    away: int = 0
    """Turns until the killed owner is back."""


def run(seed: int, task: Task, *, watching: bool = True) -> None:
    """Raises Violation, with the seed that repeats it."""
    world = World(seed, watching=watching)
    try:
        _run(world, task)
    except Violation as violation:
        raise Violation(f"{violation} (seed {seed})") from None


def _run(world: World, task: Task) -> None:
    assigned = [
        Assigned(stage, number, task(world, stage, number), [])
        for stage in range(STAGES)
        for number in range(world.numbers)
    ]
    rng = world.rng
    for _ in range(rng.randrange(*TURNS)):
        one = rng.choice(assigned)
        chance = rng.random()
        if chance < 0.2:
            world.arrive()
        if chance < 0.3:
            _fault(world, one, task, rng)
        elif chance < 0.5 and one.zombies:
            _advance(world, one.zombies[-1], rng)
        elif one.away:
            one.away -= 1
        else:
            _advance(world, one.task, rng)
    _drain(world, assigned)
    world.check_end()


def _advance(world: World, running: Running, rng: Random) -> None:
    """A process runs for a while before another one has its turn."""
    for _ in range(rng.randrange(1, BURST)):
        world.now += 1
        running.step()


def _fault(world: World, one: Assigned, task: Task, rng: Random) -> None:
    kind = rng.randrange(4)
    if kind == 0:  # kill -9, restarted in its slot
        one.task, one.away = task(world, one.stage, one.number), rng.randrange(4)
    elif kind == 1:  # frozen past its session: another process gets the partition, this one wakes up some time
        one.zombies.append(one.task)
        one.task = task(world, one.stage, one.number)
    elif kind == 2:  # revoked: the running transaction ends, then the next owner begins
        for _ in range(30):
            if one.task.step():
                break
        one.task = task(world, one.stage, one.number)
    elif one.zombies:  # a zombie dies, wherever it was
        one.zombies.pop(rng.randrange(len(one.zombies)))


def _drain(world: World, assigned: list[Assigned]) -> None:
    """After the last fault the backlog goes away by itself: inputs all come, zombies are gone."""
    while world.coming:
        world.arrive()
    for one in assigned:
        one.zombies.clear()
    quiet = 0
    for turn in range(END_TURNS):
        world.now += 1
        quiet = quiet + 1 if assigned[turn % len(assigned)].task.step() else 0
        if quiet >= len(assigned) and not any(any(database.timers) for database in world.databases):
            return
    raise Violation("progress: the backlog does not go away")
