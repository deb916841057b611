"""More than a process can take at once: the next service away or slow, and everything due in the same second."""

import asyncio
import os
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from chaos.case import Case, Ground
from chaos.direct import Direct
from chaos.stage import SCENARIOS
from chaos.tables import SERVICES
from chaos.trial import trial

OUTAGE = float(os.environ.get("OUTAGE", "120"))
WAITS = int(os.environ.get("WAITS", "200000"))
CONTACTS = 150_000
AHEAD = 48_000
"""`SLIPWAY_TARGETS_AHEAD`, the mark at which the walk waits."""
PAGES = 24_000
"""What may come on top of it: a page of eight full chunks that was being read."""
GROWTH = 40_000_000
"""Bytes by which a process may differ between the first and the second half of an outage."""
DRAIN_SECONDS = 600.0
START_SECONDS = 10.0
SMALL = 5

TARGETED = "SELECT coalesce(sum(cardinality(contact_ids)), 0) FROM target_chunk"
TAKEN = "SELECT (SELECT count(*) FROM process_instance) + (SELECT count(*) FROM refused_target)"
WAITING = "SELECT count(*) FROM instance WHERE status = 'waiting_timer'"
ALL_DUE = "UPDATE cohort SET due_at = date_trunc('second', now()) + $1::int * interval '1 second'"
ENDED = "SELECT count(*) FROM instance WHERE status = 'ended'"


@trial(
    fault=f"no executor for {OUTAGE:g} s (OUTAGE=600), {CONTACTS:,} are to be targeted",
    holds="base; the walk waits; no process grows; it drains",
)
def executor_away(case: Case) -> None:
    with case.platform(contacts=CONTACTS, scenario="discard") as ground, Direct(ground) as direct:
        _away(case, ground, direct, "executor")


@trial(
    fault=f"no messaging for {OUTAGE:g} s (OUTAGE=600), {CONTACTS:,} are to be sent to",
    holds="base; no process grows; it drains",
)
def messaging_away(case: Case) -> None:
    with case.platform(contacts=CONTACTS, scenario="discard") as ground, Direct(ground) as direct:
        _away(case, ground, direct, "messaging")


@trial(
    fault=f"no log for {OUTAGE:g} s (OUTAGE=600), {CONTACTS:,} are to be counted",
    holds="base; no process grows; it drains",
)
def log_away(case: Case) -> None:
    with case.platform(contacts=CONTACTS, scenario="discard") as ground, Direct(ground) as direct:
        _away(case, ground, direct, "log")


def _away(case: Case, ground: Ground, direct: Direct, service: str) -> None:
    ground.made.slipway("scale", f"{service}=0")
    with case.fault():
        launch = direct.launch("discard")
        direct.until_requested(launch)
        time.sleep(OUTAGE / 2)
        half, targeted = _heaviest(ground), _ask(ground, "contacts", TARGETED)
        time.sleep(OUTAGE / 2)
        _bounded(case, ground, half)
        still = _ask(ground, "contacts", TARGETED)
        if service == "executor":
            case.figure("targeted meanwhile", still)
            case.claim(0 < targeted == still <= AHEAD + PAGES, f"the walk went on: {targeted}, then {still}")
        ground.made.slipway("scale", f"{service}=1")
    case.rest(ground, DRAIN_SECONDS)


@trial(
    fault=f"the executor works a fifth of the time for {OUTAGE / 2:g} s (stopped and continued every second)",
    holds="base; the walk stays a bounded way ahead",
)
def executor_slow(case: Case) -> None:
    with case.platform(contacts=CONTACTS, scenario="discard") as ground, Direct(ground) as direct:
        most, until = 0, time.monotonic() + OUTAGE / 2
        with case.fault(), _slow(ground.pids("executor")["executor-0"]):
            direct.launch("discard")
            while time.monotonic() < until:
                taken = _ask(ground, "executor", TAKEN)
                most = max(most, _ask(ground, "contacts", TARGETED) - taken)
                time.sleep(0.2)
            case.claim(taken, "the executor did nothing")
        case.figure("most ahead", most)
        case.claim(most <= AHEAD + 2 * PAGES, f"the walk was {most} ahead")
        case.rest(ground, DRAIN_SECONDS)


@contextmanager
def _slow(pid: int) -> Iterator[None]:
    over = threading.Event()

    def jolt() -> None:
        with suppress(ProcessLookupError):
            while not over.is_set():
                os.kill(pid, signal.SIGSTOP)
                over.wait(0.8)
                os.kill(pid, signal.SIGCONT)
                over.wait(0.2)

    thread = threading.Thread(target=jolt, name="slow")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@trial(
    fault=f"{WAITS:,} waits due in the same second (WAITS=1000000)",
    holds=f"base; launches of one that begin meanwhile have their mail within {START_SECONDS:g} s",
)
def waits_due_at_once(case: Case) -> None:
    with case.platform(contacts=WAITS, scenario="late") as ground, Direct(ground) as direct:
        ground.project("scenario", "push", str(SCENARIOS / "wait.yaml"))
        ground.project("scenario", "activate", "wait")
        direct.launch("late")
        ground.until(lambda: _ask(ground, "executor", WAITING) == WAITS, "all wait", 120 + WAITS / 500)
        with case.fault():
            _ask(ground, "executor", ALL_DUE, 5)
            ground.until(lambda: _ask(ground, "executor", ENDED), "the first goes on")
            starts = [_start_of_one(ground, direct, number) for number in range(SMALL)]
            ended = _ask(ground, "executor", ENDED)
        case.figure("slowest start s", max(starts))
        case.claim(ended < WAITS, "the waits were over before the small launches")
        case.claim(max(starts) <= START_SECONDS, f"launches of one took {starts} s")
        began = time.monotonic()
        case.rest(ground, DRAIN_SECONDS + WAITS / 200)
        case.figure("drained in s", time.monotonic() - began)


def _start_of_one(ground: Ground, direct: Direct, number: int) -> float:
    """Seconds from asking for a launch of one contact to its first mail."""
    mails, began = ground.mails(), time.monotonic()
    direct.launch("wait", f"{ground.project.project}-{number}")
    ground.until(lambda: ground.mails() > mails, "the one has its mail", 10 * START_SECONDS)
    return time.monotonic() - began


def _ask(ground: Ground, service: str, query: str, *values: object) -> int:
    """A number; 0 from a statement without one."""

    async def ask() -> int:
        connection = await ground.made.place.connect(service)
        try:
            return int(await connection.fetchval(query, *values, timeout=600) or 0)
        finally:
            await connection.close()

    return asyncio.run(ask())


def _heaviest(ground: Ground) -> dict[str, int]:
    """The most that each process has held so far."""
    assert ground.seen is not None
    most: dict[str, int] = defaultdict(int)
    for sample in list(ground.seen.samples):
        most[sample.process] = max(most[sample.process], sample.bytes)
    return most


def _bounded(case: Case, ground: Ground, half: dict[str, int]) -> None:
    now = _heaviest(ground)
    case.figure("most memory of one MB", max(now.values()) / 1e6)
    for slot, held in now.items():
        grown = held - half.get(slot, held)
        case.claim(grown <= GROWTH, f"{slot} grew by {grown / 1e6:.0f} MB in the second half of the outage")
    assert {slot.rpartition("-")[0] for slot in now} <= {*SERVICES, "console"}, sorted(now)
