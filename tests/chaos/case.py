"""What a trial works with: the ground (a platform with launches on it), the fault's clock, claims, the judgement."""

import asyncio
import random
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chaos.collect import collect
from chaos.dump import save
from chaos.faults import pids, until_ready
from chaos.oracle.judge import judge
from chaos.oracle.plain import Poison, Run
from chaos.rest import until_rest
from chaos.stage import Stage, stage
from chaos.trial import Finding
from chaos.witnesses import Witnesses
from cli.platform import control
from cli.platform.home import Home
from e2e.slipway import Slipway, problems

SCENARIO = "wait"
PATIENCE = 240.0
OUTCOMES = "SELECT coalesce(sum(count), 0) FROM tally WHERE name LIKE 'outcome:%'"


@dataclass
class Ground:
    """A platform, a project on it, and who looks on."""

    made: Stage
    project: Slipway
    key: list[str]
    scenario: str
    contacts: int
    seen: Witnesses | None

    @property
    def home(self) -> Path:
        return self.made.place.home

    def launch(self) -> str:
        """On all contacts, by a signed command. The id."""
        return self.made.launch(self.project, self.key, self.scenario)

    def mails(self) -> int:
        """How many the sink has taken."""
        ledger = self.made.place.mails
        return ledger.read_bytes().count(b"\n") if ledger.exists() else 0

    def outcomes(self) -> int:
        """How many targets log has the end of."""

        async def ask() -> int:
            connection = await self.made.place.connect("log")
            try:
                return int(await connection.fetchval(OUTCOMES))
            finally:
                await connection.close()

        return asyncio.run(ask())

    def keep_busy(self, mails: int = 500) -> None:
        """Launches (two mails a contact) until so many mails at least are still to come, and mails are being sent."""
        while self.coming() < mails:
            before = self.mails()
            self.launch()
            self.until_mails(before + 1)

    def coming(self) -> int:
        """How many mails are still to come from scenario `wait`; those that are unknown never will."""
        return 2 * self.contacts * len(self.made.launches) - self.mails()

    def until_mails(self, count: int, seconds: float = 120) -> None:
        """So many in all: the launch is under way."""
        self.until(lambda: self.mails() >= count, f"{count} mails are sent", seconds)

    def until_ended(self, seconds: float) -> None:
        """Every launch so far has come to its end, and it was announced."""
        self.until(lambda: asyncio.run(self._ended()) >= len(self.made.launches), "all launches have ended", seconds)

    async def _ended(self) -> int:
        connection = await self.made.place.connect("log")
        try:
            return int(await connection.fetchval("SELECT count(*) FROM launch WHERE announced"))
        finally:
            await connection.close()

    def until(self, holds: Callable[[], object], what: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"not so within {seconds:g} s: {what}"
            time.sleep(0.1)

    def until_ready(self, seconds: float = 90) -> None:
        waiting = until_ready(self.home, seconds)
        assert not waiting, f"not ready within {seconds:g} s: {waiting}"

    def pids(self, service: str | None = None) -> dict[str, int]:
        """Slot to pid."""
        return pids(self.home, service)

    def complaints(self) -> dict[str, str]:
        """By slot what `/readyz` says is wrong; who is ready, or does not answer, is missing."""
        services = control.ask(Home(self.home), do="status")["services"]
        said = {row["instance"]: problems(row["url"]) for row in services if row["name"] != "console"}
        return {slot: "; ".join(wrong.values()) for slot, wrong in said.items() if wrong}

    def log(self, name: str) -> str:
        """What that process (`executor-0`, `kafka`) has written."""
        file = self.home / "logs" / f"{name}.log"
        return file.read_text(errors="replace") if file.exists() else ""


class Case:
    """One trial while it runs. Everything random is drawn from `chance`."""

    def __init__(self, finding: Finding, chance: random.Random, evidence: Path) -> None:
        self.finding = finding
        self.chance = chance
        self._evidence = evidence
        self._ended = time.monotonic()

    @contextmanager
    def platform(
        self,
        *,
        contacts: int,
        processes: int = 1,
        scenario: str = SCENARIO,
        settings: Mapping[str, str] | None = None,
        prepare: Callable[[Path], None] = lambda home: None,
        watched: bool = True,
    ) -> Iterator[Ground]:
        """`processes` of every service, and a project with `scenario` (of `scenarios/`) and so many contacts.

        `settings` are for the whole platform's environment, `prepare` is called with the home before the start.
        """
        with stage(processes, settings or {}, prepare) as made:
            try:
                project = made.project("trial", scenario, contacts)
                key = project.key("process:start", "launch:preapproved")
                if watched:
                    with Witnesses(made.place, made.slipway.supervisor().pid) as seen:
                        yield Ground(made, project, key, scenario, contacts, seen)
                else:
                    yield Ground(made, project, key, scenario, contacts, None)
            except BaseException:
                self._keep_logs(made)
                raise
            if self.finding.verdict == "violated":
                self._keep_logs(made)

    @contextmanager
    def fault(self) -> Iterator[None]:
        """The block is the fault; recovery counts from its end. May come several times."""
        self.finding.hits += 1
        try:
            yield
        finally:
            self._ended = time.monotonic()

    def claim(self, holds: object, what: str) -> None:
        """Noted if it does not hold; the trial goes on."""
        if not holds:
            self.finding.broken.append(what)

    def figure(self, name: str, value: float) -> None:
        """Something measured, for the report."""
        self.finding.figures[name] = round(value, 2)

    def rest(self, ground: Ground, patience: float = PATIENCE, poison: Sequence[Poison] = ()) -> Run:
        """Waits until nothing moves any more and all are ready, then lets the oracle judge."""
        place, finding = ground.made.place, self.finding
        finding.left += asyncio.run(until_rest(place, ground.made.launches, patience))
        finding.left += [f"{slot} is not ready" for slot in until_ready(place.home, 60)]
        finding.recovered = time.monotonic() - self._ended
        seen = ground.seen
        looked_on = {"sightings": tuple(seen.sightings), "samples": tuple(seen.samples)} if seen else {}
        run = asyncio.run(collect(place, poison=tuple(poison), **looked_on))
        finding.violations += judge(run)
        finding.unknown = sum(row["state"] == "unknown" for row in run.table("messaging", "send"))
        if finding.violations or finding.left:
            save(run, self._evidence)
        return run

    def _keep_logs(self, made: Stage) -> None:
        shutil.copytree(made.place.home / "logs", self._evidence / "logs", dirs_exist_ok=True)
