"""One run: processes take turns by chance, and faults befall them between any two steps. And the search for runs that
break an invariant, and for the shortest history of one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from unit.model.chance import Chance, Violation

TURNS = 45
BURST = 8
END_TURNS = 3_000
LATE_TURNS = 400
TRIES = 3_000


class Player(Protocol):
    """A process, as far as it works for one partition number."""

    def step(self) -> bool:
        """Do the next indivisible thing; True if there was nothing to do."""
        ...

    def die(self) -> None: ...


class World(Protocol):
    """All that one run happens in. Knows the truth, and raises Violation where it is offended."""

    chance: Chance
    history: list[str]

    def cast(self) -> Sequence[tuple[str, Callable[[], Player]]]:
        """The partition numbers: a name, and a new process for each."""
        ...

    def happen(self) -> None:
        """Something from outside, or time, goes on by one."""
        ...

    def at_rest(self) -> bool:
        """Nothing is to come any more, as far as only time can tell."""
        ...

    def check_end(self) -> None: ...


Setting = Callable[[Chance], World]


@dataclass(slots=True)
class Part:
    name: str
    make: Callable[[], Player]
    player: Player
    zombies: list[Player] = field(default_factory=list)
    """Those that do not know yet that the number moved."""


def play(world: World) -> None:
    """Raises Violation."""
    chance = world.chance
    parts = [Part(name, make, make()) for name, make in world.cast()]
    turns = 0
    while turns < TURNS and chance.pick(TURNS):
        turns += 1
        part = parts[chance.pick(len(parts))]
        what = chance.pick(20)
        if what < 10:
            _advance(part.player, chance)
        elif what < 13:
            world.happen()
        elif what == 13:
            world.history.append(f"{part.name}: killed, and started again")
            part.player.die()
            part.player = part.make()
        elif what == 14:
            world.history.append(f"{part.name}: frozen; another process gets the number")
            part.zombies.append(part.player)
            part.player = part.make()
        elif part.zombies:
            _thaw(world, part)
    _drain(world, parts)
    world.check_end()


def _thaw(world: World, part: Part) -> None:
    what = world.chance.pick(5)
    if what < 3:
        world.history.append(f"{part.name}: the frozen process goes on for a while")
        _advance(part.zombies[-1], world.chance)
    elif what == 3:
        world.history.append(f"{part.name}: the frozen process is back, the other one dies")
        part.player.die()
        part.player = part.zombies.pop()
    else:
        world.history.append(f"{part.name}: the frozen process dies")
        part.zombies.pop().die()


def _advance(player: Player, chance: Chance) -> None:
    """A process runs for a while before another one has its turn."""
    for _ in range(1 + chance.pick(BURST)):
        player.step()


def _drain(world: World, parts: list[Part]) -> None:
    """After the last fault everything comes to its end by itself. Who was frozen wakes up once more when it is over."""
    if any(part.zombies for part in parts):
        _comes_to_rest(world, parts, LATE_TURNS)
        for part in parts:
            for zombie in part.zombies:
                world.history.append(f"{part.name}: the frozen process wakes up late, and dies")
                for _ in range(world.chance.pick(2 * BURST)):
                    zombie.step()
                zombie.die()
    world.history.append("no more faults")
    if not _comes_to_rest(world, parts, END_TURNS):
        raise Violation("I19: it does not come to rest")


def _comes_to_rest(world: World, parts: list[Part], turns: int) -> bool:
    quiet = 0
    for turn in range(turns):
        idle = parts[turn % len(parts)].player.step()
        if idle and quiet >= 4 * len(parts):
            if world.at_rest():
                return True
            world.happen()
            idle = False
        quiet = quiet + 1 if idle else 0
    return False


def survives(setting: Setting, seeds: Iterable[int]) -> None:
    """Raises Violation with the seed that breaks it, and the shortest history that does the same."""
    for seed in seeds:
        chance = Chance(seed)
        try:
            play(setting(chance))
        except Violation as violation:
            history = shortest(setting, chance.made, str(violation))
            raise Violation("\n".join([f"{violation} (seed {seed})", *history])) from None


def found(setting: Setting, kind: str, seeds: Iterable[int], times: int) -> int:
    """How often, up to `times`, a run breaks this invariant."""
    count = 0
    for seed in seeds:
        try:
            play(setting(Chance(seed)))
        except Violation as violation:
            count += str(violation).startswith(kind)
            if count == times:
                break
    return count


def shortest(setting: Setting, made: list[int], kind: str) -> list[str]:
    """Leave out choices, or make them harmless, as long as the same invariant breaks and nothing more happens."""
    best, history = made, _broken_by(setting, made, kind) or []
    size, tries = max(1, len(made) // 2), 0
    while size and tries < TRIES:
        start, shorter = 0, False
        while start < len(best) and tries < TRIES:
            tries += 1
            part = best[start : start + size]
            for instead in ([], [0] * len(part)):
                choices = [*best[:start], *instead, *best[start + size :]]
                again = _broken_by(setting, choices, kind) if choices != best else None
                if again is not None and (len(again), len(choices)) <= (len(history), len(best)):
                    shorter = shorter or (len(again), len(choices)) < (len(history), len(best))
                    best, history = choices, again
                    break
            start += 0 if len(instead) < len(part) and best == choices else size
        size = size if shorter else size // 2
    return history


def _broken_by(setting: Setting, choices: list[int], kind: str) -> list[str] | None:
    """The history of these choices, if they break the same invariant."""
    world = setting(Chance(given=choices))
    try:
        play(world)
    except Violation as violation:
        return world.history if str(violation) == kind else None
    return None
