"""For who keeps it running: partitions, parked records, incidents."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from cli.connection import Client, at, connection
from cli.output import confirm, emit_json, print_table, say, show_rows

operations = typer.Typer()
parked = typer.Typer(invoke_without_command=True, help="Records that could not be handled, and why.")
incidents = typer.Typer(invoke_without_command=True, help="Instances that cannot go on without a person.")

PARTITION_COLUMNS = {
    "number": "number",
    "owner": "owner",
    "epoch": "epoch",
    "state": "state",
    "lag": "lag",
    "open instances": "slipway_instances_open",
    "timers due": "slipway_timers_due",
    "oldest due (s)": "slipway_timers_oldest_due_seconds",
    "parked": "parked",
    "problem": "problem",
}
"""Heading and field of `/v1/partitions`. The state is known of the numbers of the process that was asked; a problem of
others is why nobody works on them."""

MISSING = {
    ("contacts.targets", "executor"): "their targets do not start",
    ("contacts.targets", "messaging"): "their targets are not counted, so that messages to them are held",
    ("contacts.targets", "log"): "their targets are not counted, so that the launch does not complete",
    ("executor.sends", "messaging"): "their messages are not sent, their instances wait",
    ("messaging.deliveries", "executor"): "their instances wait for what became of their messages",
    ("executor.outcomes", "log"): "their outcomes are not counted, so that the launch does not complete",
    ("executor.updates", "contacts"): "their updates are not carried out, their instances fail with error:update",
    ("contacts.changes", "executor"): "conditions are judged by what was known of these contacts before",
    ("contacts.changes", "messaging"): "a withdrawal in them is not respected: look at once",
    ("launcher.launches", "contacts"): "the launch does not begin, or its stop or pause is not obeyed there",
    ("launcher.launches", "executor"): "the launch's stop, pause or resume is not obeyed there",
    ("launcher.launches", "messaging"): "the launch sends nothing, or its stop, pause or resume is not obeyed there",
    ("contacts.checks", "launcher"): "the launch stays `validating`",
    ("crm.commands", "launcher"): "these commands were not answered",
    ("crm.contacts", "contacts"): "these contacts were not changed",
}
"""What a parked record of a topic means at a service: the launches or contacts concerned are its keys."""

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@operations.command("partitions")
def partitions(context: typer.Context, as_json: Json = False) -> None:
    """Per service and partition: owner, lag, open instances, due timers, parked."""
    with connection(context).client() as client:
        found = _of_all(client, at("partitions"))
    if as_json:
        emit_json(found)
        return
    print_table(
        ["service", *PARTITION_COLUMNS],
        [[row["service"], *(_rounded(row.get(field)) for field in PARTITION_COLUMNS.values())] for row in found],
    )


@parked.callback()
def parked_alone(context: typer.Context, as_json: Json = False) -> None:
    """List parked records."""
    if context.invoked_subcommand is None:
        list_parked(context, as_json)


@parked.command("list")
def list_parked(context: typer.Context, as_json: Json = False) -> None:
    """List parked records: what `slipway parked` alone does."""
    with connection(context).client() as client:
        found = _of_all(client, at("parked"))
    show_rows(found, ["id", "service", "topic", "partition", "offset", "reason", "state", "parked_at"], as_json)
    if as_json:
        return
    for topic, service in sorted({(row["topic"], row["service"]) for row in found}):
        ids = sorted({str(row.get("key")) for row in found if (row["topic"], row["service"]) == (topic, service)})
        missing = MISSING.get((topic, service), f"{service} does not know what they say")
        say(f"{topic}: {missing} ({', '.join(ids[:5])}{' …' if len(ids) > 5 else ''})")
    if found:
        say("`slipway parked replay ID` hands one to its handler again, with the same event id")


@parked.command("replay")
def replay(
    context: typer.Context,
    parked_id: Annotated[str, typer.Argument(metavar="ID")],
    service: Annotated[str | None, typer.Option(help="Whose, should several services have one of that id.")] = None,
) -> None:
    """Hand a parked record to its handler again."""
    query = f"?service={quote(service, safe='')}" if service else ""
    with connection(context).client() as client:
        client.post(at("parked", parked_id, "replay") + query)
    say(f"{parked_id} is handed to its handler again; it is parked anew if it still cannot be handled")


@incidents.callback()
def incidents_alone(context: typer.Context, as_json: Json = False) -> None:
    """List incidents."""
    if context.invoked_subcommand is None:
        list_incidents(context, as_json)


@incidents.command("list")
def list_incidents(context: typer.Context, as_json: Json = False) -> None:
    """List incidents: what `slipway incidents` alone does."""
    with connection(context).client() as client:
        found = list(client.pages(at("incidents")))
    show_rows(found, ["id", "launch_id", "contact_id", "step", "detail", "retriable", "at"], as_json)
    if found and not as_json:
        say("`slipway incidents resolve ID` tries the step again; with --fail the instance ends as failure")


@incidents.command("resolve")
def resolve(
    context: typer.Context,
    incident_id: Annotated[str, typer.Argument(metavar="ID")],
    fail: Annotated[bool, typer.Option("--fail", help="Do not try again: it ends as failure, error:internal.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Try the step again at which the instance could not go on, or end the instance."""
    path = at("incidents", incident_id, "fail" if fail else "retry")
    with connection(context).client() as client:
        if fail and not yes:
            seen = client.post(path, {"dry_run": True})
            instance = f"the instance of contact {seen['contact_id']} in launch {seen['launch_id']}"
            confirm(f"End {instance} as failure? It cannot be taken back.", yes)
        made = client.post(path)
    what = "ends as failure" if fail else "is tried again"
    say(f"contact {made['contact_id']} in launch {made['launch_id']} {what}; `slipway why` shows what becomes of it")


def _rounded(value: Any) -> Any:
    """Seconds come with all their digits."""
    return round(value, 1) if isinstance(value, float) else value


def _of_all(client: Client, path: str) -> list[dict[str, Any]]:
    """What all services say; who does not answer is told."""
    answer = client.get(path)
    if missing := answer["unavailable"]:
        say(f"{', '.join(missing)} did not answer: theirs are missing here", "yellow")
    items: list[dict[str, Any]] = answer["items"]
    return items
