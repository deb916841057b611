"""Wall clocks that are wrong, jump, or change to summer time: the one clock of all waits is PostgreSQL's."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chaos.case import Case, Ground
from chaos.clock import WORLD, Clocks, movable_clocks
from chaos.tables import SERVICES
from chaos.trial import trial

HOUR = 3600.0
FEW = 300
CONTACTS = 2_000
JUMPS = 20
SOON = timedelta(seconds=45)
"""Until the change when a launch is asked for; its waits are 60 s long."""
BEFORE = timedelta(minutes=10)
ZONE = {"TZ": "Europe/Vienna"}
SUMMER = datetime(2027, 3, 28, 1, tzinfo=UTC)
"""When clocks in Vienna jump from 2:00 to 3:00."""
WINTER = datetime(2027, 10, 31, 1, tzinfo=UTC)
SLOTS = [f"{service}-0" for service in SERVICES]


@trial(
    fault="the clock of one service after the other is two hours fast, then two hours slow; a launch with waits each",
    holds="base; no wait ends early or twice, no launch waits for the clock, nothing unknown",
)
def clock_two_hours_off(case: Case) -> None:
    with (
        movable_clocks() as clocks,
        case.platform(contacts=FEW, prepare=lambda home: clocks.prepare(home, *SLOTS)) as ground,
    ):
        longest = dict.fromkeys((2, -2), 0.0)
        for slot in case.chance.sample(SLOTS, len(SLOTS)):
            for hours in (2, -2):
                with case.fault():
                    clocks.move(ground.home, slot, hours * HOUR)
                    began = time.monotonic()
                    ground.launch()
                    ground.until_ended(60)
                    case.claim(abs(_ahead(ground, slot) - hours * HOUR) < 60, f"the clock of {slot} was not moved")
                    longest[hours] = max(longest[hours], time.monotonic() - began)
                    clocks.move(ground.home, slot, 0)
        case.figure("longest launch while fast, s", longest[2])
        case.figure("while slow, s", longest[-2])
        case.rest(ground)
        case.claim(case.finding.unknown == 0, f"{case.finding.unknown} are unknown")


@trial(
    fault="clocks of processes jump an hour ahead or back, 20 times during launches with waits",
    holds="base; no wait ends early or twice, nothing unknown",
)
def clock_jumps(case: Case) -> None:
    with (
        movable_clocks() as clocks,
        case.platform(contacts=CONTACTS, prepare=lambda home: clocks.prepare(home, *SLOTS)) as ground,
    ):
        shifts = dict.fromkeys(SLOTS, 0.0)
        ground.launch()
        for number in range(JUMPS):
            time.sleep(case.chance.uniform(0.2, 1.5))  # the fault's own timing
            slot = case.chance.choice(["executor-0", *SLOTS])
            with case.fault():
                shifts[slot] += case.chance.choice((-HOUR, HOUR))
                clocks.move(ground.home, slot, shifts[slot])
            if number == JUMPS // 2:
                ground.launch()
        case.rest(ground)
        case.claim(case.finding.unknown == 0, f"{case.finding.unknown} are unknown")


@trial(
    fault="everything runs in Vienna's time, and in a launch's waits summer begins: clocks jump from 2:00 to 3:00",
    holds="base; no wait ends early or twice, nothing unknown",
)
def clock_to_summer(case: Case) -> None:
    _over(case, SUMMER)


@trial(
    fault="the same when summer ends: clocks go back from 3:00 to 2:00",
    holds="base; no wait ends early or twice, nothing unknown",
)
def clock_to_winter(case: Case) -> None:
    _over(case, WINTER)


def _ahead(ground: Ground, slot: str) -> float:
    """Seconds by which its clock is ahead, as its log shows (some line of the last minute)."""
    last = next(line for line in reversed(ground.log(slot).splitlines()) if '"at":"' in line and line.endswith("}"))
    at = datetime.fromisoformat(json.loads(last)["at"])
    return (at - datetime.now(UTC)).total_seconds()


def _over(case: Case, change: datetime) -> None:
    with movable_clocks() as clocks:

        def prepare(home: Path) -> None:
            clocks.set(home, WORLD, change - BEFORE)

        with case.platform(contacts=CONTACTS, scenario="long", settings=ZONE, prepare=prepare) as ground:
            _moved(ground, clocks, change - SOON)
            with case.fault():
                ground.launch()
                ground.until_ended(240)
            run = case.rest(ground)
            crossed = {row["at"] > change.isoformat() for row in run.table("executor", "steps_asked")}
            case.claim(crossed == {True, False}, "the change did not come in the middle of the launch")
            case.claim(case.finding.unknown == 0, f"{case.finding.unknown} are unknown")


def _moved(ground: Ground, clocks: Clocks, to: datetime) -> None:
    """Ahead by some minutes, before anything is asked for."""
    clocks.set(ground.home, WORLD, to)
    ground.until_ready()
