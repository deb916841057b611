"""Launch: what a marketer asks for."""

from typing import Annotated, Any
from uuid import uuid4

import typer

from cli.commands.crm import context_values, participants
from cli.connection import at, connection
from cli.output import Exit, confirm, emit_json, fail, say, stdout, told
from cli.progress import follow

launching = typer.Typer(no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@launching.command("launch")
def launch(
    context: typer.Context,
    scenario: Annotated[str, typer.Argument(help="Key of an active scenario.")],
    everybody: Annotated[bool, typer.Option("--all", help="All contacts of the project.")] = False,
    group: Annotated[list[str] | None, typer.Option(help="Contacts of this group; repeat for more.")] = None,
    contact: Annotated[list[str] | None, typer.Option(help="This contact; repeat for more.")] = None,
    value: Annotated[list[str] | None, typer.Option("--context", help="NAME=VALUE the scenario declares.")] = None,
    include_all: Annotated[bool, typer.Option(help="Lift consent (never restrictions or suppression).")] = False,
    reason: Annotated[str | None, typer.Option(help="Why consent is lifted.")] = None,
    idempotency_key: Annotated[str | None, typer.Option(help="The same key never launches twice.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Launch a scenario over HTTP; it is answered when contacts has checked it."""
    if include_all and not reason:
        fail(Exit.USAGE, "--include-all needs a reason", "Say --reason TEXT; it is kept in the audit.")
    who = participants(everybody, group, contact)
    confirm(f"Launch {scenario} on {_words(who)}?", yes)
    body = {
        "scenario": scenario,
        "participants": who,
        "context": context_values(value),
        "options": {"consent_override": {"reason": reason}} if include_all else {},
    }
    with connection(context).client() as client:
        answer = client.post(at("launches"), body, headers={"Idempotency-Key": idempotency_key or str(uuid4())})
        decided = follow(client, answer["launch_id"], until=lambda seen: seen["state"] not in ("draft", "validating"))
    if as_json:
        emit_json(decided)
    elif decided["state"] == "rejected":
        say(f"rejected: launch {decided['launch_id']}", "red")
        for line in told(decided.get("points", [])):
            say(line)
    else:
        say(f"{decided['state']}; `slipway watch {decided['launch_id']}` shows it", "green")
        stdout.print(decided["launch_id"])
    if decided["state"] == "rejected":
        raise typer.Exit(Exit.NO)


def _words(who: dict[str, Any]) -> str:
    if who["kind"] == "all":
        return "ALL contacts"
    names = who[who["kind"]]
    return f"{who['kind']} {', '.join(names[:5])}{' …' if len(names) > 5 else ''}"
