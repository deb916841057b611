"""Random chaos: processes are killed or frozen at random moments while large launches run."""

import asyncio
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from chaos.collect import Place, collect
from chaos.dump import save
from chaos.faults import freeze, pids, until_ready
from chaos.oracle.judge import judge, judge_replay
from chaos.oracle.plain import Run, Violation
from chaos.replay import write_again
from chaos.rest import until_rest
from chaos.stage import Stage, stage
from chaos.tables import SERVICES
from chaos.witnesses import Witnesses

SCENARIO = "wait"
LARGE, LARGE_SCENARIO = 100_000, "mixed"
"""From so many contacts on only one in twenty gets mails: else it would be the mails that take the time."""
PROCESSES = 2
FROZEN_SHARE = 0.2
LONGEST_PAUSE = 2.0
SLOWEST = 100
"""Contacts per second that it must manage after the last fault, at the very least."""
MOST_REPLAYED = 50_000
"""Contacts up to which all topics are replayed in the end (two runs are then in memory)."""


@dataclass(frozen=True, slots=True)
class Blow:
    """One fault: what was done to whom, seconds after the first launch was asked for."""

    second: float
    slot: str
    action: str


@dataclass(frozen=True, slots=True)
class Aftermath:
    blows: Sequence[Blow]
    launches: int
    contacts: int
    seconds: float
    """From the first command to rest."""
    recovered: float
    """From the last fault to rest."""
    rates: Sequence[float]
    """Outcomes per second, each second of the storm."""
    unknown: int
    mails: int
    most_memory: int
    left: Sequence[str]
    replayed: int
    """Records that were written a second time in the end, before a second look."""
    violations: Sequence[Violation]


def storm(seed: int, contacts: int, kills: int, evidence: Path) -> Aftermath:
    """Launches on all contacts, one after the other while faults are left; judged when all has come to rest."""
    with stage(PROCESSES) as made:
        return storm_on(made, seed, contacts, kills, evidence)


def storm_on(made: Stage, seed: int, contacts: int, kills: int, evidence: Path) -> Aftermath:
    """On a platform with two processes of every service."""
    chance = random.Random(seed)
    scenario = LARGE_SCENARIO if contacts >= LARGE else SCENARIO
    project = made.project("storm", scenario, contacts)
    key = project.key("process:start", "launch:preapproved")
    with Witnesses(made.place, made.slipway.supervisor().pid) as seen, Pulse(made.place) as pulse:
        began = time.monotonic()
        blows = _rage(made, partial(made.launch, project, key, scenario), chance, kills, began)
        last = time.monotonic()
        left = asyncio.run(until_rest(made.place, made.launches, 300 + contacts / SLOWEST))
        left += [f"{slot} is not ready" for slot in until_ready(made.place.home, 120)]
        rested = time.monotonic()
    run = asyncio.run(collect(made.place, sightings=tuple(seen.sightings), samples=tuple(seen.samples)))
    violations = [*judge(run)]
    if violations or left:
        save(run, evidence / "storm")
    replayed = 0
    if contacts <= MOST_REPLAYED and not left:
        replayed, found = _replay(made, run)
        violations += found
    return Aftermath(
        blows=blows,
        launches=len(made.launches),
        contacts=contacts,
        seconds=rested - began,
        recovered=rested - last,
        rates=pulse.rates,
        unknown=sum(row["state"] == "unknown" for row in run.table("messaging", "send")),
        mails=len(run.mails),
        most_memory=max((sample.bytes for sample in run.samples), default=0),
        left=left,
        replayed=replayed,
        violations=violations,
    )


def _replay(made: Stage, before: Run) -> tuple[int, Sequence[Violation]]:
    """How many records were written again, and what that changed."""
    count = asyncio.run(write_again(made.place.kafka, before))
    left = asyncio.run(until_rest(made.place, made.launches, 900))
    after = asyncio.run(collect(made.place))
    found = [*judge_replay(before, after)]
    return count, [*found, *(Violation(19, "until_rest", "", "", f"after the replay: {what}") for what in left)]


def _rage(made: Stage, launch: Callable[[], str], chance: random.Random, kills: int, began: float) -> Sequence[Blow]:
    blows: list[Blow] = []
    launch()
    while len(blows) < kills:
        time.sleep(chance.uniform(0.0, LONGEST_PAUSE))  # the faults' own timing
        service, action = chance.choice(SERVICES), "freeze" if chance.random() < FROZEN_SHARE else "kill"
        running = pids(made.place.home, service)
        if not running:
            continue
        slot = chance.choice(sorted(running))
        try:
            if action == "kill":
                os.kill(running[slot], signal.SIGKILL)
            else:
                freeze(running[slot])
        except ProcessLookupError:
            continue
        blows.append(Blow(time.monotonic() - began, slot, action))
        if len(blows) < kills and not asyncio.run(until_rest(made.place, made.launches, patience=0)):
            launch()
    return blows


class Pulse:
    """Reads once a second how many outcomes log has."""

    def __init__(self, place: Place) -> None:
        self.rates: list[float] = []
        self._place = place
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._beat()), name="pulse")

    def __enter__(self) -> "Pulse":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    async def _beat(self) -> None:
        connection = await self._place.connect("log")
        try:
            before, at = 0, time.monotonic()
            while not self._over.is_set():
                await asyncio.sleep(1)
                count = await connection.fetchval(
                    "SELECT coalesce(sum(count), 0) FROM tally WHERE name LIKE 'outcome:%'"
                )
                now = time.monotonic()
                self.rates.append(float(count - before) / (now - at))
                before, at = int(count), now
        finally:
            await connection.close()
