"""Runs the platform: servers, one-shot jobs, mail sink, services; ends them in the opposite order.

`slipway up` prepares everything, takes the home and becomes this process (`python -m cli.platform.supervisor`), which
stays small: nothing but the standard library and the modules beside it.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from cli.platform import probe
from cli.platform.control import serve
from cli.platform.failure import Misused, PlatformError, Unreachable
from cli.platform.forked import Zygote
from cli.platform.home import Home
from cli.platform.keeper import Keeper, Reaper, Start, executed, unless_crashing
from cli.platform.logs import keep_small
from cli.platform.plan import kafka_server, place_instance, postgres_server
from cli.platform.ready import START_SECONDS
from cli.platform.services import SERVICES, instances, job_spec, service_of, service_spec, sink_spec, url, zygote_spec
from cli.platform.spec import ProcessSpec, last_lines
from cli.platform.state import State, read_state


class Supervisor:
    """One platform. `run` returns the exit code."""

    def __init__(self, home: Home, state: State) -> None:
        self._home = home
        self._state = state
        self._kept: dict[str, Keeper] = {}
        self._reaper = Reaper()
        self._zygote = Zygote(zygote_spec(home))
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._scaling = asyncio.Lock()
        self._phase = "starting"
        self._code = 0

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._asked_to_stop, number)
        control = await serve(self._home.control, self._answer)
        stop = asyncio.create_task(self._stop.wait())
        starting = asyncio.create_task(self._bring_up())
        tidying = asyncio.create_task(self._tidy_logs())
        try:
            await asyncio.wait({starting, stop}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await stop
        except PlatformError as error:
            self._code = error.code
            say(f"cannot start: {error.what}" + (f"\n{error.remedy}" if error.remedy else ""))
        finally:
            for task in (starting, tidying, stop):
                task.cancel()
            await asyncio.gather(starting, tidying, stop, return_exceptions=True)
            await self._bring_down()
            control.close()
            self._home.control.unlink(missing_ok=True)
        return self._code

    async def _bring_up(self) -> None:
        await self._zygote.prepare()
        servers: list[Keeper] = []
        if self._state.embedded:
            servers = [
                self._keep(postgres_server(self._home, self._state).spec(), executed),
                self._keep(kafka_server(self._home, self._state).spec(), executed),
            ]
        if "smtp" in self._state.ports:
            self._keep(sink_spec(self._home, self._state), self._zygote.start)
        await unless_crashing(self._jobs(), servers)
        names = instances(self._state.scale)
        await self._start_services(names)
        self._phase = "running"
        say(f"ready: {self._state.http}")

    async def _start_services(self, names: Iterable[str]) -> None:
        keepers = {name: self._keep(service_spec(self._home, self._state, name), self._zygote.start) for name in names}
        if not keepers:
            return
        say(f"starting {', '.join(keepers)}")
        await unless_crashing(self._all_ready(keepers), keepers.values())

    async def _all_ready(self, names: Iterable[str]) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + START_SECONDS
        waiting = list(names)
        while waiting:
            answers = await asyncio.gather(*(probe.is_ready(url(self._state, name)) for name in waiting))
            waiting = [name for name, ready in zip(waiting, answers, strict=True) if not ready]
            if waiting and loop.time() > deadline:
                raise Unreachable(f"not ready after {START_SECONDS:.0f} s: {', '.join(waiting)}", self._ends(waiting))
            await asyncio.sleep(0.1 if waiting else 0)

    async def _jobs(self) -> None:
        """Databases and topics: each waits for its server."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._job("migrate", "migrate"))
                group.create_task(self._job("topics", "topics", "apply"))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _job(self, name: str, *command: str) -> None:
        """Runs it once, to its end."""
        spec = job_spec(self._home, self._state, name, *command)
        spec.log.unlink(missing_ok=True)
        keeper = Keeper(spec, self._zygote.start, self._reaper, lambda _: None, self._hurry, again=False)
        try:
            code = await keeper.ended()
        finally:
            await keeper.stop()
        if code:
            raise PlatformError(f"`slipway {' '.join(command)}` failed", last_lines(spec.log), code)

    async def _bring_down(self) -> None:
        self._phase = "stopping"
        order: list[list[str]] = [[], [], [], []]
        for name in self._kept:
            order[{"smtp": 1, "kafka": 2, "postgres": 3}.get(name, 0)].append(name)
        for names in order:
            await self._end(names)
        await self._zygote.close()
        self._reaper.close()

    async def _end(self, names: Iterable[str]) -> None:
        names = list(names)
        if names:
            say(f"stopping {', '.join(names)}")
        await asyncio.gather(*(self._kept[name].stop() for name in names))
        for name in names:
            del self._kept[name]

    async def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        match request:
            case {"do": "status"}:
                return self._status()
            case {"do": "down"}:
                self._asked_to_stop(signal.SIGTERM)
                return {"pid": os.getpid()}
            case {"do": "scale", "service": str(service), "count": int(count)}:
                async with self._scaling:
                    await self._scale(service, count)
                return self._status()
        raise Misused(f"the supervisor does not know what {request} means")

    def _status(self) -> dict[str, Any]:
        services = [
            {
                "name": service_of(name),
                "instance": name,
                "pid": keeper.pid,
                "url": url(self._state, name),
                "restarts": keeper.restarts,
            }
            for name, keeper in self._kept.items()
            if service_of(name) in SERVICES
        ]
        others = {name: keeper.pid for name, keeper in self._kept.items() if service_of(name) not in SERVICES}
        others["zygote"] = self._zygote.pid
        return {"pid": os.getpid(), "phase": self._phase, "services": services, "others": others}

    async def _scale(self, service: str, count: int) -> None:
        """More processes take the next slots; fewer leave from the last."""
        kind = SERVICES.get(service)
        if kind is None:
            raise Misused(f"there is no service {service}", f"one of {', '.join(SERVICES)}")
        most = kind.most or self._state.partitions
        if not 0 <= count <= most:
            raise Misused(f"{service} can be 0 to {most} processes, not {count}")
        if self._phase != "running":
            raise PlatformError(f"the platform is {self._phase}", "try again when it runs")
        before = {name for name in self._kept if service_of(name) == service}
        state = self._state.with_scale(service, count)
        wanted = [name for name in instances(state.scale) if service_of(name) == service]
        new = [name for name in wanted if name not in before]
        for name in new:
            state = place_instance(self._home, state, name)
        self._state = state
        state.save(self._home.state)
        await self._end(sorted(before.difference(wanted)))
        await self._start_services(new)

    def _keep(self, spec: ProcessSpec, start: Start) -> Keeper:
        self._kept[spec.name] = Keeper(spec, start, self._reaper, say, self._hurry)
        return self._kept[spec.name]

    def _asked_to_stop(self, number: signal.Signals) -> None:
        if self._stop.is_set():
            say("at once, then")
            self._hurry.set()
        elif number == signal.SIGINT:
            self._code = 130
        self._stop.set()

    async def _tidy_logs(self) -> None:
        while True:
            await asyncio.to_thread(keep_small, self._home.logs)
            await asyncio.sleep(60)

    def _ends(self, names: Iterable[str]) -> str:
        return "\n".join(f"{name}: {last_lines(self._home.log(name), 5)}" for name in names)


def say(message: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {message}", file=sys.stderr, flush=True)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--home", required=True, type=Path)
    options.add_argument("--lock", required=True, type=int, help="descriptor by which the home is held")
    given = options.parse_args()
    os.set_inheritable(given.lock, False)
    without_preemption()
    home = Home(given.home)
    state = read_state(home.state)
    if state is None:
        raise SystemExit("run `slipway up`, which prepares the platform")
    sys.exit(asyncio.run(_run(home, state)))


def without_preemption() -> None:
    """Whoever wakes up waits for its turn (Linux: sched(7), SCHED_BATCH); all processes of the platform inherit it.

    They share the cores with each other and with whoever works at the machine. Where four executors and their
    PostgreSQL sessions push each other off two cores at every message, each finds its caches cold again.
    """
    with suppress(AttributeError, OSError):  # not Linux; not allowed
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


async def _run(home: Home, state: State) -> int:
    return await Supervisor(home, state).run()


if __name__ == "__main__":
    main()
