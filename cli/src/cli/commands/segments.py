"""Segments: conditions on contacts that are kept under a name."""

import sys
from typing import Annotated

import typer

from cli.connection import at, connection
from cli.output import emit_json, say, show_one, show_rows, told
from cli.selection import segment_name

segment = typer.Typer(no_args_is_help=True, help="Conditions on contacts with a name, to choose from when launching.")

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Name = Annotated[str, typer.Argument(metavar="SEGMENT", callback=segment_name)]
MEMBERS = '`slipway count SCENARIO --segment "$(slipway segment show {name})" --list targeted` lists who is in it'
Revision = Annotated[int | None, typer.Option(help="Only if it still has this revision, as you have seen it.")]


@segment.callback()
def _group() -> None:
    """Conditions on contacts with a name, to choose from when launching."""


@segment.command("add")
def add(
    context: typer.Context,
    name: Name,
    where: Annotated[str, typer.Argument(metavar="CEL", help="For whom this holds: 'contact.attributes.score > 50'")],
    revision: Revision = None,
    as_json: Json = False,
) -> None:
    """Keep a condition under a name; one that is there gets this condition. What runs on it stays as it is."""
    with connection(context).client() as client:
        kept = client.post(at("segments"), {"segment": name, "where": where}, headers=_seen(revision))
    if as_json:
        emit_json(kept)
        return
    for line in told(kept["points"]):
        say(line)
    say(f"segment {name} is kept, revision {kept['revision']}")


@segment.command("list")
def list_segments(context: typer.Context, as_json: Json = False) -> None:
    """List the segments."""
    with connection(context).client() as client:
        found = list(client.pages(at("segments")))
    show_rows(found, ["segment", "revision", "where"], as_json)
    if found and not as_json:
        say(MEMBERS.format(name="SEGMENT"))


@segment.command("show")
def show(context: typer.Context, name: Name, as_json: Json = False) -> None:
    """Print a segment's condition: slipway count welcome --segment "$(slipway segment show vips)" """
    with connection(context).client() as client:
        found = client.get(at("segments", name))
    show_one(found, as_json, lambda found: print(found["where"]))
    if sys.stdout.isatty() and not as_json:  # as $(…) it is the condition that is wanted
        say(MEMBERS.format(name=name))


@segment.command("remove")
def remove(context: typer.Context, name: Name, revision: Revision = None) -> None:
    """Remove a segment; what was launched on its condition stays as it is."""
    with connection(context).client() as client:
        client.delete(at("segments", name), headers=_seen(revision))
    say(f"segment {name} is removed")


def _seen(revision: int | None) -> dict[str, str]:
    return {} if revision is None else {"If-Match": f'"{revision}"'}
