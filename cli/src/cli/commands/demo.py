"""`slipway demo`: the whole of Slipway in one go, on what a fresh machine has."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from cli.commands.crm import Key, ask
from cli.commands.looking import ENDED
from cli.commands.reconcile import recount_launch
from cli.connection import Client, Connection, at, connection
from cli.lines import Line
from cli.output import Exit, fail, say
from cli.progress import follow, show_figures
from cli.sample import sample_contacts, sample_group
from cli.selection import participants
from cli.uploads import upload_contacts

PROJECT, SCENARIO = "demo", "spring-offer"
GRANTS = ("process:start", "launch:preapproved", "launch:stop")

demo = typer.Typer()


@demo.command("demo")
def run(
    context: typer.Context,
    contacts: Annotated[int, typer.Option(min=1, help="How many sample contacts.")] = 10_000,
    executors: Annotated[int, typer.Option(min=1, help="How many executor processes.")] = 1,
    scenarios: Annotated[Path, typer.Option(help="Folder of scenario files.")] = Path("examples/scenarios"),
) -> None:
    """Start a platform, import contacts, launch by a signed event on Kafka, watch, reconcile, stop."""
    here = connection(context)
    ours = _slipway("status", "--json", quiet=True) == Exit.UNREACHABLE
    try:
        if ours:
            _up(executors)
        else:
            say("a platform is running already: using it, and leaving it running")
        ok = _story(Connection(PROJECT, None, here.home), contacts, scenarios)
        if ok:
            _what_next(here)
    finally:
        if ours:
            _down()
    if not ok:
        raise typer.Exit(Exit.NO)


def _up(executors: int) -> None:
    if _slipway("up", "--detach", "--executors", str(executors)) != 0:
        fail(Exit.UNREACHABLE, "the platform did not start; its messages are above")


def _down() -> None:
    """Stops what was started. Ctrl-C while it does so changes nothing: nothing may be left behind."""
    say("stopping what was started; the data stays (`slipway down --wipe` removes it)")
    stopping = subprocess.Popen([sys.executable, "-m", "cli", "down"], start_new_session=True)
    while stopping.poll() is None:
        try:
            stopping.wait()
        except KeyboardInterrupt:
            say("still stopping…")


def _story(here: Connection, count: int, scenarios: Path) -> bool:
    with here.client(timeout=120) as client:
        client.post(at("projects"), {"key": PROJECT, "zone": "Europe/Vienna"})
        key = client.post(at("keys"), {"grants": list(GRANTS)})
        say(f"1. importing {count:,} sample contacts")
        texts = enumerate((orjson.dumps(contact) for contact in sample_contacts(count)), 1)
        summary = upload_contacts(client, (Line(number, text, len(text)) for number, text in texts), total=None)
        if summary.rejected:
            fail(Exit.INTERNAL, f"{len(summary.rejected)} sample contacts were rejected: {summary.rejected[0]}")
        say(f"2. pushing the sample scenarios from {scenarios}")
        _push(client, scenarios)
        say(f"3. emitting a signed launch.request for group {sample_group(count)} on topic crm.commands")
        began = time.monotonic()
        launch_id = asyncio.run(_launch(here, Key(key["key_id"], key["signing_secret"]), sample_group(count)))
        say(f"4. accepted as launch {launch_id}")
        last = follow(client, launch_id, until=lambda seen: seen["state"] in ENDED, live=True)
        took = time.monotonic() - began
        show_figures(last)
        say(f"{last['figures']['targeted']:,} contacts in {took:.1f} s")
    differences = recount_launch(here, launch_id).differences
    for found in differences[:20]:
        say(f"{found.contact_id}: {found.what}", "red")
    if not differences:
        say("5. reconciled: every service and the topics agree on every contact")
    return last["state"] == "completed" and not differences


def _push(client: Client, folder: Path) -> None:
    files = sorted(folder.glob("*.yaml"))
    if not files:
        fail(Exit.USAGE, f"no scenario files in {folder}", "Run it from the checkout, or say --scenarios FOLDER.")
    for file in files:
        pushed = client.upload(at("scenarios"), file.read_bytes(), "application/yaml")
        client.post(at("scenarios", pushed["key"], "activate"), {"version": pushed["version"]})


async def _launch(here: Connection, key: Key, group: str) -> str:
    """A key made a moment ago is known to launcher at once: it made it."""
    who = participants(everybody=False, groups=[group], contacts=None)
    data: dict[str, Any] = {"project": PROJECT, "scenario": SCENARIO, "participants": who, "context": {}}
    answer = await ask(here.kafka, key, "launch.request", data, f"demo-{time.time_ns()}", timeout=60)
    if answer.type != "launch.accepted":
        fail(Exit.NO, f"the launch was not accepted: {answer.data}")
    return str(answer.data["launch_id"])


def _what_next(here: Connection) -> None:
    say(
        "\nWhat to try next\n"
        "  make up                                      the same platform, staying up\n"
        "  .venv/bin/slipway --project demo launches    the log of launches\n"
        "  .venv/bin/slipway --project demo why LAUNCH c-0000011    why that contact got no mail\n"
        f"  less {here.home.mails}                 what the mail sink received\n"
        "  make demo CONTACTS=100000 EXECUTORS=2        ten times as many\n"
    )


def _slipway(*arguments: str, quiet: bool = False) -> int:
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run([sys.executable, "-m", "cli", *arguments], stdout=output, stderr=output).returncode
