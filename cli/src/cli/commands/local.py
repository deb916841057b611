"""`up`, `down`, `status`, `logs`, `scale`: the local platform."""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cli.elsewhere import elsewhere, rows_of, seen_from_here
from cli.output import Exit, emit_json, fail, print_table, say, stderr, stdout
from cli.platform import control
from cli.platform.detached import start_detached
from cli.platform.failure import PlatformError
from cli.platform.home import Home, find_home
from cli.platform.logs import chosen, follow, tail
from cli.platform.plan import plan, postgres_server, prepare
from cli.platform.report import looked_at, ranges
from cli.platform.state import State, read_state

local = typer.Typer()

PREPARING = 30.0
"""Seconds that `down` waits for a start to have a supervisor."""
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@local.command("up")
def up(
    executors: Annotated[
        int | None, typer.Option(min=1, help="Executor processes; default: as many as last time, 1 at first.")
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return when it is ready; it stays up.")] = False,
) -> None:
    """Start the local platform: Kafka, PostgreSQL, a mail sink and the services. Ctrl-C or `down` ends it.

    Everything of it lies in one folder: SLIPWAY_HOME, else the nearest .slipway folder from here upwards, else
    ~/.slipway. (`make up` uses .slipway in the checkout.) Another folder is another platform.
    """
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
        ended = start_detached(home, supervisor, lock)
        if ended is not None:
            raise typer.Exit(ended or Exit.INTERNAL)
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
            _ask_down(home)
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
    """What runs where. Exit 1 if something is not ready, 3 if nothing runs.

    Of the local platform; of another one, if SLIPWAY_HTTP names its address, as far as it tells over HTTP.
    """
    home = find_home()
    try:
        if (address := elsewhere(read_state(home.state))) is not None:
            _status_elsewhere(home, address, as_json)
            return
        answer = control.ask(home, do="status")
        state = read_state(home.state) or fail(Exit.INTERNAL, f"{home.state} is gone")
    except PlatformError as error:
        _refuse(error)
    token_key = os.environ.get("SLIPWAY_TOKEN_KEY") or home.secret("token-key")
    services = asyncio.run(looked_at(answer["services"], token_key))
    if as_json:
        addresses = {"kafka": state.kafka, "postgres": state.postgres, "smtp": state.smtp, "http": state.http}
        emit_json({**addresses, "services": services})
    else:
        _show_addresses(home, state)
        columns = ("instance", "pid", "url", "ready", "partitions")
        shown = [
            {**service, "pid": str(service["pid"]), "partitions": ranges(service["partitions"])} for service in services
        ]
        print_table(columns, [[service[column] for column in columns] for service in shown])
    if answer["phase"] != "running":
        say(f"the platform is {answer['phase']}")
    if answer["phase"] != "running" or not all(service["ready"] for service in services):
        raise typer.Exit(Exit.NO)


def _status_elsewhere(home: Home, address: str, as_json: bool) -> None:
    status = seen_from_here(home, address)
    if as_json:
        emit_json(status)
    else:
        say(f"{address}, as SLIPWAY_HTTP has it")
        print_table(("service", "instance", "ready", "partitions"), rows_of(status))
    if not all(service["ready"] for service in status["services"]):
        say("`slipway partitions` says what is the matter")
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
    if not files and service is None:
        fail(Exit.NO, f"there are no logs in {home.logs}", f"That folder is meant because {home.why}.")
    if not files:
        there = ", ".join(log.stem for log in chosen(home.logs, None)) or "none yet"
        fail(Exit.USAGE, f"there is no log of {service} in {home.logs}", f"There are: {there}.")
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
            control.ask(home, timeout=300, do="scale", service=service, count=int(count))
        except PlatformError as error:
            _refuse(error)
        say(f"{service}: {count}")


def _ask_down(home: Home) -> None:
    """A start that is still preparing has no supervisor yet: waits for it."""
    deadline = time.monotonic() + PREPARING
    while home.is_held():
        try:
            control.ask(home, do="down")
            return
        except control.NotRunning:
            if time.monotonic() > deadline:
                raise PlatformError(f"a start is being prepared in {home.root}", "end that one with Ctrl-C") from None
            time.sleep(0.2)


def _await_end(home: Home) -> None:
    """The supervisor's own patience bounds this."""
    while home.is_held():
        time.sleep(0.05)


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
