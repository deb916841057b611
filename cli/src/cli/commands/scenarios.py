"""Scenario files: check, push, activate, look."""

import difflib
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from cli.connection import Client, at, connection
from cli.output import Exit, emit_json, fail, say, show_one, show_rows, stdout, told
from cli.requests import as_commands

scenario = typer.Typer(no_args_is_help=True, help="Scenarios: YAML files with immutable versions.")

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Key = Annotated[str, typer.Argument(metavar="KEY", help="The scenario's key.")]
File = Annotated[Path, typer.Argument(help="Scenario file (YAML).", exists=True, dir_okay=False, readable=True)]


@scenario.command("validate")
def validate(context: typer.Context, file: File, as_json: Json = False) -> None:
    """Check a file without keeping it: exit 1 and every validation point if it could not be launched."""
    with connection(context).client() as client:
        points = client.upload(at("scenarios", "validate"), file.read_bytes(), "application/yaml")["points"]
    if as_json:
        emit_json({"valid": not _blocking(points), "points": points})
    else:
        for point in points:
            say(as_commands(f"{point['code']} ({point['severity']}) at {point['place']}: {point['remedy']}"))
        say(*((f"{file} is not valid", "red") if _blocking(points) else (f"{file} is valid", "green")))
    if _blocking(points):
        raise typer.Exit(Exit.NO)


@scenario.command("push")
def push(context: typer.Context, file: File, as_json: Json = False) -> None:
    """Publish a file as a new version. The same content again is the same version."""
    with connection(context).client() as client:
        pushed = client.upload(at("scenarios"), file.read_bytes(), "application/yaml")
    if as_json:
        emit_json(pushed)
        return
    say(f"{pushed['key']} version {pushed['version']} is published", "green")
    for line in told(pushed["points"]):
        say(line)
    if pushed.get("state") != "active":
        say(f"activate it: slipway scenario activate {pushed['key']}")


@scenario.command("activate")
def activate(
    context: typer.Context,
    key: Key,
    version: Annotated[int | None, typer.Option(help="Which version; left out: the newest.")] = None,
) -> None:
    """Let a version be launched."""
    _change(context, key, "activate", {"version": version} if version else {})


@scenario.command("deactivate")
def deactivate(context: typer.Context, key: Key) -> None:
    """No further launches; what runs goes on."""
    _change(context, key, "deactivate", {})


@scenario.command("archive")
def archive(context: typer.Context, key: Key) -> None:
    """Put it away for good."""
    _change(context, key, "archive", {})


@scenario.command("transfer")
def transfer(context: typer.Context, key: Key, user: Annotated[str, typer.Argument(metavar="USER")]) -> None:
    """Give it another creator: its launches reach whom that user may send to. What runs keeps the one it has."""
    with connection(context).client() as client:
        answer = client.post(at("scenarios", key, "transfer"), {"user": user})
    say(f"scenario {key} is {answer['creator']}'s")


@scenario.command("list")
def list_scenarios(
    context: typer.Context,
    startable: Annotated[bool, typer.Option(help="Only those that can be started for one contact.")] = False,
    as_json: Json = False,
) -> None:
    """List the project's scenarios."""
    with connection(context).client() as client:
        found = list(client.pages(at("scenarios"), startable=startable or None))
    show_rows(found, ["key", "name", "state", "active_version", "newest_version", "creator"], as_json)


@scenario.command("show")
def show(
    context: typer.Context,
    key: Key,
    version: Annotated[int | None, typer.Option(help="Which version; left out: the newest.")] = None,
    as_json: Json = False,
) -> None:
    """Show a version as YAML."""
    with connection(context).client() as client:
        found = _version(client, key, version)
    show_one(found, as_json, lambda found: stdout.print(_yaml(found), markup=False, highlight=False))


@scenario.command("versions")
def versions(context: typer.Context, key: Key, as_json: Json = False) -> None:
    """List the versions of a scenario, newest first."""
    with connection(context).client() as client:
        found = list(client.pages(at("scenarios", key, "versions")))
        active = None if as_json else client.get(at("scenarios", key))["active_version"]
    show_rows(found, ["version", "pushed_by", "pushed_at"], as_json)
    if not as_json:
        say(f"version {active} is active" if active else "none of them is active")


@scenario.command("diff")
def diff(
    context: typer.Context,
    key: Key,
    old: Annotated[int, typer.Argument(help="Version.")],
    new: Annotated[int, typer.Argument(help="Version.")],
) -> None:
    """What changed between two versions: exit 1 if anything did."""
    with connection(context).client() as client:
        before, after = (_yaml(_version(client, key, version)).splitlines() for version in (old, new))
    lines = list(difflib.unified_diff(before, after, f"{key} {old}", f"{key} {new}", lineterm=""))
    for line in lines:
        stdout.print(line, markup=False, highlight=False)
    if lines:
        raise typer.Exit(Exit.NO)


@scenario.command("contacts")
def contacts(context: typer.Context, key: Key, as_json: Json = False) -> None:
    """Contacts in process of a scenario."""
    with connection(context).client() as client:
        found = list(client.pages(at("scenarios", key, "instances")))
    show_rows(found, ["contact_id", "launch_id", "status", "step", "started_at"], as_json)


def _change(context: typer.Context, key: str, what: str, body: dict[str, Any]) -> None:
    with connection(context).client() as client:
        answer = client.post(at("scenarios", key, what), body)
    version = answer.get("active_version")
    say(f"scenario {key} is {answer['state']}" + (f", version {version}" if version else ""))


def _version(client: Client, key: str, version: int | None) -> dict[str, Any]:
    if version is None:
        version = client.get(at("scenarios", key))["newest_version"]
    found: dict[str, Any] = client.get(at("scenarios", key, "versions", str(version)))
    return found


def _yaml(found: dict[str, Any]) -> str:
    if "body" not in found:
        fail(Exit.INTERNAL, "the answer has no scenario in it")
    return yaml.safe_dump(found["body"], sort_keys=False, allow_unicode=True)


def _blocking(points: list[dict[str, Any]]) -> bool:
    return any(point["severity"] == "error" for point in points)
