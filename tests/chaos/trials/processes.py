"""Processes of ours: ended in good order, killed, two in one slot."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from chaos.case import Case, Ground
from chaos.direct import Direct
from chaos.ownership import Owners, owners, until_owned
from chaos.tables import SERVICES
from chaos.tempo import WATCHED_SECONDS, Tempo
from chaos.trial import trial
from cli.platform.home import Home
from cli.platform.services import service_spec
from cli.platform.state import read_state

ROUNDS = 10
LARGE = 50_000
RATE_SECONDS = 30.0
WORK_SECONDS = WATCHED_SECONDS + 8
"""So much work is there at the kill: the rate is not to fall because there is none left."""
ENOUGH = 0.5
"""Of the rate before: more cannot be told from the noise of a shared machine."""
MOVED_WITHIN = {signal.SIGKILL: 10.0, signal.SIGTERM: 2.0, signal.SIGHUP: 2.0}
"""Seconds; a killed one's session is 8 s long."""
MARGIN = 2.0
"""Seconds that a process of the trial's own two cores may be late."""
LONGEST = 60.0
TOGETHER_SECONDS = 20.0


@trial(
    fault="one process of two of every service ended by SIGTERM and started again, one after the other, ten rounds",
    holds="base; nothing unknown, nothing parked, every process ends by itself",
)
def restarted_in_turn(case: Case) -> None:
    with case.platform(contacts=2_000, processes=2) as ground:
        for round_ in range(ROUNDS):
            for service in case.chance.sample(SERVICES, len(SERVICES)):
                ground.keep_busy()
                with case.fault():
                    _restart(ground, f"{service}-{round_ % 2}")
        case.rest(ground)
        ends = [how for _, how in re.findall(r"(\S+) ended \(([^)]+)\)", ground.log("supervisor"))]
        case.claim(ends == ["exit 0"] * (ROUNDS * len(SERVICES)), f"not every end was in good order: {ends}")
        case.claim(case.finding.unknown == 0, f"{case.finding.unknown} are unknown")


def _restart(ground: Ground, slot: str) -> None:
    before = ground.pids()[slot]
    os.kill(before, signal.SIGTERM)
    ground.until(lambda: ground.pids().get(slot, before) != before, f"{slot} runs again")
    ground.until_ready()


@trial(
    fault="kill -9 of the only process of each service while a large launch is under way",
    holds=f"base; {ENOUGH:.0%} of the outcomes a second before is back within {RATE_SECONDS:g} s",
)
def rate_after_a_kill(case: Case) -> None:
    with case.platform(contacts=LARGE, scenario="discard") as ground, Direct(ground) as direct:
        tempo = Tempo(ground.outcomes)
        for service in SERVICES:
            _keep_coming(ground, direct, LARGE)
            rate = tempo.rate(3)
            _keep_coming(ground, direct, int(WORK_SECONDS * rate))
            with case.fault():
                os.kill(ground.pids(service)[f"{service}-0"], signal.SIGKILL)
            back = tempo.until_back(ENOUGH * rate, 2 * RATE_SECONDS)
            case.figure(f"rate back after {service} s", -1 if back is None else back)
            case.claim(
                back is not None and back <= RATE_SECONDS,
                f"{service} was killed at {rate:.0f} outcomes/s: {ENOUGH:.0%} of that came after {back} s",
            )
        case.rest(ground)


def _keep_coming(ground: Ground, direct: Direct, outcomes: int) -> None:
    """Launches until so many targets at least are still to end, and they do."""
    while ground.contacts * len(ground.made.launches) - ground.outcomes() < outcomes:
        direct.launch(ground.scenario)
    before = ground.outcomes()
    ground.until(lambda: ground.outcomes() > before, "targets end")


@trial(
    fault="one of two processes of each service: killed, ended (SIGTERM), both without a restart; restarted in place",
    holds="base; its partitions move within 10 s, 2 s, 2 s (and 2 s for a busy machine), the last touching no others",
)
def partitions_move(case: Case) -> None:
    with case.platform(contacts=2_000, processes=2) as ground:
        for service in SERVICES:
            for number in MOVED_WITHIN:
                ground.keep_busy()
                took, stalled = _moved(case, ground, service, number)
                what = f"{service} {number.name}"
                case.figure(f"{what} s", LONGEST if took is None else took)
                case.claim(
                    took is not None and took <= MOVED_WITHIN[number] + MARGIN, f"{what}: partitions moved in {took} s"
                )
                case.claim(not stalled, f"{what}: the other process lost {stalled} on the way")
        case.rest(ground)


def _moved(case: Case, ground: Ground, service: str, number: signal.Signals) -> tuple[float | None, list[int]]:
    """Seconds, and the numbers of the other process that were taken anew."""
    victim, other = f"{service}-1", f"{service}-0"
    place = ground.made.place
    _until_shared(ground, service, {victim, other})
    before, pid = owners(place, service), ground.pids(service)[victim]
    if number == signal.SIGHUP:
        his = [one for one, (owner, _) in before.items() if owner == victim]
        with case.fault():
            os.kill(pid, number)
            took = until_owned(place, service, lambda now: all(now[one] > before[one] for one in his), LONGEST)
        now = owners(place, service)
        return took, [one for one in before if one not in his and now[one] != before[one]]

    def all_are_the_other_s(now: Owners) -> bool:
        return {owner for owner, _ in now.values()} == {other}

    with ground.made.slipway.nothing_restarts(), case.fault():
        os.kill(pid, number)
        took = until_owned(place, service, all_are_the_other_s, LONGEST)
        moved = owners(place, service)
    _until_shared(ground, service, {victim, other}, moved)
    return took, []


def _until_shared(ground: Ground, service: str, both: set[str], since: Owners | None = None) -> None:
    """Both are ready and have partitions; all have been taken anew `since`, as they are whenever a member joins."""
    ground.until_ready()
    place, old = ground.made.place, since or {}

    def shared(now: Owners) -> bool:
        anew = all(epoch > old[number][1] for number, (_, epoch) in now.items() if number in old)
        return anew and {owner for owner, _ in now.values()} == both

    assert until_owned(place, service, shared, LONGEST) is not None, f"{service}: {owners(place, service)}"


@trial(
    fault=f"a second process in the same slot of each service, for {TOGETHER_SECONDS:g} s each",
    holds="base, however slow it is meanwhile",
)
def two_in_one_slot(case: Case) -> None:
    with case.platform(contacts=5_000, processes=2) as ground:
        for service in SERVICES:
            ground.keep_busy()
            with case.fault(), _twin(ground, f"{service}-0"):
                time.sleep(TOGETHER_SECONDS)
        case.rest(ground)


@contextmanager
def _twin(ground: Ground, slot: str) -> Iterator[None]:
    """Told the same as the process of that slot, but for its port; killed at the end."""
    home = Home(ground.home)
    state = read_state(home.state)
    assert state is not None
    spec = service_spec(home, state, slot)
    environment = {**os.environ, **spec.environment, "SLIPWAY_HTTP_PORT": "0"}
    with (ground.home / "logs" / f"{slot}-twin.log").open("wb") as log:
        twin = subprocess.Popen(spec.argv, env=environment, stdout=log, stderr=log)
    try:
        yield
    finally:
        twin.kill()
        twin.wait()
