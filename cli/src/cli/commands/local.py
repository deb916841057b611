"""`up`, `down`, `status`, `logs`, `scale`: the local platform."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cli.output import Exit, emit_json, fail, print_table, say, stderr, stdout
from cli.platform import control, probe
from cli.platform.failure import PlatformError
from cli.platform.home import Home, find_home
from cli.platform.logs import chosen, follow, tail
from cli.platform.plan import plan, postgres_server, prepare
from cli.platform.state import State, read_state
from runtime.tokens import EVERYTHING, Caller, mint

local = typer.Typer()

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@local.command("up")
def up(
    executors: Annotated[
        int | None, typer.Option(min=1, help="Executor processes; default: as many as last time, 1 at first.")
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return when it is ready; it stays up.")] = False,
) -> None:
    """Start the local platform: Kafka, PostgreSQL, a mail sink and the services. Ctrl-C or `down` ends it."""
    home = find_home()
    try:
        home.make()
        lock = home.hold()
        with Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), transient=True, console=stderr
        ) as bar:
            task = bar.add_task("fetching Kafka", total=None, visible=False)
            state = prepare(
                home,
                plan(home, os.environ, executors),
                lambda done, total: bar.update(task, completed=done, total=total, visible=True),
            )
        state.save(home.state)
    except PlatformError as error:
        _refuse(error)
    _show_addresses(home, state)
    supervisor = [sys.executable, "-P", "-m", "cli.platform.supervisor", "--home", str(home.root), "--lock", str(lock)]
    os.set_inheritable(lock, True)
    if detach:
        _start_detached(home, supervisor, lock)
    else:
        os.execv(sys.executable, supervisor)


@local.command("down")
def down(
    wipe: Annotated[bool, typer.Option("--wipe", help="Also remove all of its data, logs and keys.")] = False,
) -> None:
    """Stop the local platform. Its data stay, and `up` goes on with what was open."""
    home = find_home()
    try:
        if home.is_held():
            control.ask(home.control, do="down")
            _await_end(home)
            say("stopped")
        else:
            say(f"no platform is running in {home.root}")
        if wipe and home.root.is_dir():
            home.hold()
            state = read_state(home.state)
            if state is None or state.embedded:
                postgres_server(home, state or State(0, ports={"postgres": 0})).wipe()
            home.wipe()
            say(f"removed what was in {home.root}")
    except PlatformError as error:
        _refuse(error)


@local.command("status")
def status(as_json: Json = False) -> None:
    """What runs where. Exit 1 if something is not ready, 3 if nothing runs."""
    home = find_home()
    try:
        answer = control.ask(home.control, do="status")
        state = read_state(home.state) or fail(Exit.INTERNAL, f"{home.state} is gone")
    except PlatformError as error:
        _refuse(error)
    token_key = os.environ.get("SLIPWAY_TOKEN_KEY") or home.secret("token-key")
    services = asyncio.run(_looked_at(answer["services"], token_key))
    if as_json:
        addresses = {"kafka": state.kafka, "postgres": state.postgres, "smtp": state.smtp, "http": state.http}
        emit_json({**addresses, "services": services})
    else:
        _show_addresses(home, state)
        columns = ("instance", "pid", "url", "ready", "partitions")
        shown = [
            {**service, "pid": str(service["pid"]), "partitions": _ranges(service["partitions"])}
            for service in services
        ]
        print_table(columns, [[service[column] for column in columns] for service in shown])
    if answer["phase"] != "running":
        say(f"the platform is {answer['phase']}")
    if answer["phase"] != "running" or not all(service["ready"] for service in services):
        raise typer.Exit(Exit.NO)


@local.command("logs")
def logs(
    service: Annotated[str | None, typer.Argument(help="A service, a process such as executor-0, kafka…")] = None,
    following: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 100,
) -> None:
    """Show the logs of the local platform's processes."""
    home = find_home()
    files = chosen(home.logs, service)
    if not files:
        there = ", ".join(log.stem for log in chosen(home.logs, None)) or "none yet"
        fail(Exit.USAGE, f"there is no log of {service or 'anything'} in {home.logs}", f"There are: {there}.")
    for log in files:
        for line in tail(log, lines):
            _print_line(log, line, len(files) > 1)
    if following:
        for log, line in follow(files):
            _print_line(log, line, len(files) > 1)


@local.command("scale")
def scale(wanted: Annotated[list[str], typer.Argument(metavar="SERVICE=N…", help="executor=4")]) -> None:
    """Set how many processes a service has; it is kept for the next start."""
    home = find_home()
    for part in wanted:
        service, _, count = part.partition("=")
        if not count.isdigit():
            fail(Exit.USAGE, f"{part} is not SERVICE=N", "For example: slipway scale executor=4")
        try:
            control.ask(home.control, timeout=300, do="scale", service=service, count=int(count))
        except PlatformError as error:
            _refuse(error)
        say(f"{service}: {count}")


def _start_detached(home: Home, supervisor: list[str], lock: int) -> None:
    """In a session of its own. Shows its messages until it is ready or has given up."""
    log = home.log("supervisor")
    begin = log.stat().st_size if log.exists() else 0
    with log.open("ab") as file:
        process = subprocess.Popen(
            supervisor, stdin=subprocess.DEVNULL, stdout=file, stderr=file, pass_fds=[lock], start_new_session=True
        )
    os.close(lock)
    try:
        while True:
            ended = process.poll() is not None
            begin = _relay(log, begin)
            if ended:
                raise typer.Exit(process.returncode or Exit.INTERNAL)
            if _phase(home) == "running":
                _relay(log, begin)
                return
            time.sleep(0.1)
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise


def _relay(log: Path, begin: int) -> int:
    with log.open("rb") as file:
        file.seek(begin)
        text = file.read()
    sys.stderr.write(text.decode(errors="replace"))
    sys.stderr.flush()
    return begin + len(text)


def _phase(home: Home) -> str:
    try:
        return str(control.ask(home.control, timeout=5, do="status")["phase"])
    except (PlatformError, OSError):
        return "not yet there"


def _await_end(home: Home) -> None:
    """The supervisor's own patience bounds this."""
    while home.is_held():
        time.sleep(0.05)


async def _looked_at(services: list[dict[str, Any]], token_key: str) -> list[dict[str, Any]]:
    """As the interface has it: what the supervisor knows, and what each process says of itself."""
    token = mint(Caller(EVERYTHING, "slipway", frozenset({EVERYTHING})), token_key)

    async def look(service: dict[str, Any]) -> dict[str, Any]:
        ready, (status, document) = await asyncio.gather(
            probe.is_ready(service["url"]), probe.get(f"{service['url']}/v1/partitions", token)
        )
        known = {name: service[name] for name in ("name", "instance", "pid", "url")}
        rows = document["items"] if status == 200 else []
        return {**known, "ready": ready, "partitions": _own_numbers(service["instance"], rows)}

    return list(await asyncio.gather(*(look(service) for service in services)))


def _own_numbers(instance: str, rows: list[dict[str, Any]]) -> list[int]:
    """Of all numbers of the service those that this process has leased: only of them it knows the state."""
    return sorted(row["number"] for row in rows if row["owner"] == instance and row["state"] is not None)


def _ranges(numbers: list[int]) -> str:
    """`0-3 7`."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][-1] == number - 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return " ".join(f"{part[0]}-{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts)


def _show_addresses(home: Home, state: State) -> None:
    postgres = state.postgres.rpartition("@")
    say(f"HTTP        {state.http}")
    say(f"Kafka       {state.kafka}")
    say(f"PostgreSQL  {'postgresql://…@' if postgres[1] else ''}{postgres[2]}")
    say(f"SMTP        {state.smtp}" + (f"   mails: {home.mails}" if "smtp" in state.ports else ""))
    say(f"data        {home.root}   {state.partitions} partitions")


def _print_line(log: Path, line: str, several: bool) -> None:
    stdout.out(f"{log.stem:<12} {line}" if several else line, highlight=False)


def _refuse(error: PlatformError) -> NoReturn:
    fail(Exit(error.code) if error.code in tuple(Exit) else Exit.INTERNAL, error.what, error.remedy or None)
