"""Contacts, groups and the suppression list."""

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from cli.connection import at, connection
from cli.lines import Line, csv_records, read_lines
from cli.output import Exit, confirm, emit_json, fail, print_table, say, show_contacts, show_one, show_rows
from cli.uploads import upload_contacts

contacts = typer.Typer(no_args_is_help=True, help="Contacts: import and look.")
groups = typer.Typer(no_args_is_help=True, help="Groups of contacts.")
suppress = typer.Typer(no_args_is_help=True, help="The suppression list: never sent to, whatever a launch says.")

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
File = Annotated[
    Path, typer.Argument(help="NDJSON, or CSV (name ends in .csv).", exists=True, dir_okay=False, readable=True)
]
ContactId = Annotated[str, typer.Argument(metavar="ID")]
Group = Annotated[str, typer.Argument(metavar="GROUP")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
SHOWN = 20
BYTE_FOR_BYTE = "Ids are compared byte for byte: capitals and blanks count."


@contacts.command("import")
def import_contacts(context: typer.Context, file: File, as_json: Json = False) -> None:
    """Import a file: good lines are taken, bad ones are listed with line number and reason (exit 1).

    Columns that are no field of a contact become attributes, and are named, as are attributes that are a number in one
    line and a text in another, and ids that come more than once: lines are taken in their order.
    """
    with connection(context).client(timeout=120) as client, file.open("rb") as source:
        total = file.stat().st_size or None  # none is known of a pipe
        lines, header = read_lines(source), None
        if file.suffix.lower() == ".csv":
            lines = csv_records(lines)
            header = _header(file, next(lines, None))
        summary = upload_contacts(client, lines, total, header)
    if summary.empty:
        fail(Exit.USAGE, f"{file} has no contact in it", "Each line is one; in CSV, each after the first.")
    if as_json:
        told = {"repeated": summary.repeated.lines, "attributes": summary.attributes.document()}
        emit_json({"imported": summary.imported, "rejected": summary.rejected, **told})
    else:
        for bad in summary.rejected[:SHOWN]:
            say(f"{file}:{bad['line']}: {bad['reason']}", "red")
        if len(summary.rejected) > SHOWN:
            say(f"… and {len(summary.rejected) - SHOWN:,} more; --json lists them all")
        for line in summary.attributes.told(columns=header is not None):
            say(line)
        for line in summary.repeated.told():
            say(line)
        say(f"{summary.imported:,} imported, {len(summary.rejected):,} rejected")
    if summary.rejected:
        raise typer.Exit(Exit.NO)


def _header(file: Path, first: Line | None) -> bytes:
    if first is None or first.bad:
        fail(Exit.USAGE, f"{file} has no header", "Its first line names the columns: id,email,…")
    return first.text.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n")


@contacts.command("show")
def show(context: typer.Context, contact_id: ContactId, as_json: Json = False) -> None:
    """Show a contact."""
    with connection(context).client() as client:
        found = client.get(at("contacts", contact_id))
    show_one(found, as_json, _print_contact)


def _print_contact(found: dict[str, Any]) -> None:
    print_table(["field", "value"], [[name, _field(value)] for name, value in found.items()])


def _field(value: Any) -> Any:
    """Attributes and consent as JSON has them: `51` and `"51"` are two things to a condition."""
    if not isinstance(value, dict):
        return value
    return ", ".join(f"{name}: {orjson.dumps(given).decode()}" for name, given in value.items())


@contacts.command("instances")
def instances(context: typer.Context, contact_id: ContactId, as_json: Json = False) -> None:
    """All process instances of a contact."""
    with connection(context).client() as client:
        found = list(client.pages(at("contacts", contact_id, "instances")))
        if not found and client.get_if_allowed(at("contacts", contact_id)) is None:
            say(f"no contact has the id {contact_id}, or none has it any more", "yellow")
    columns = ["launch_id", "scenario", "status", "step", "started_at", "ended_at", "outcome", "reason"]
    show_rows(found, columns, as_json)


@contacts.command("delete")
def delete(context: typer.Context, contact_id: ContactId, yes: Yes = False) -> None:
    """Delete a contact: what runs for it is abandoned. Asks first."""
    confirm(f"Delete contact {contact_id}? What runs for it is abandoned.", yes)
    with connection(context).client() as client:
        client.delete(at("contacts", contact_id))
    say(f"contact {contact_id} is deleted")


@groups.command("list")
def list_groups(context: typer.Context, as_json: Json = False) -> None:
    """List the groups and how many contacts are in each."""
    with connection(context).client() as client:
        found = list(client.pages(at("groups")))
    show_rows(found, ["group", "contacts"], as_json)
    if found and not as_json:
        say("`slipway groups show GROUP` lists who is in one")


@groups.command("create")
def create_group(context: typer.Context, group: Group) -> None:
    """Create an empty group."""
    with connection(context).client() as client:
        client.post(at("groups"), {"group": group})
    say(f"group {group} is there")


@groups.command("delete")
def delete_group(context: typer.Context, group: Group) -> None:
    """Delete a group; its contacts stay. A launch that is just targeting its members ends as failed."""
    with connection(context).client() as client:
        while client.delete(at("groups", group))["more"]:
            pass
    say(f"group {group} is deleted")


@groups.command("add")
def add(context: typer.Context, group: Group, ids: Annotated[list[str], typer.Argument(metavar="CONTACT...")]) -> None:
    """Put contacts into a group. Exit 1 if one does not exist."""
    with connection(context).client() as client:
        answer = client.post(at("groups", group, "contacts"), {"add": ids})
    _told(answer, ids, f"put into {group}", "in it already")


@groups.command("remove")
def remove(
    context: typer.Context, group: Group, ids: Annotated[list[str], typer.Argument(metavar="CONTACT...")]
) -> None:
    """Take contacts out of a group. Exit 1 if one does not exist."""
    with connection(context).client() as client:
        answer = client.post(at("groups", group, "contacts"), {"remove": ids})
    _told(answer, ids, f"taken out of {group}", "not in it")


def _told(answer: dict[str, Any], ids: list[str], done: str, as_before: str) -> None:
    same = len(set(ids)) - answer["changed"] - len(answer["unknown"])
    say(f"{answer['changed']:,} {done}" + (f", {same:,} {as_before}" if same else ""))
    if answer["unknown"]:
        fail(Exit.NO, f"there is no contact {', '.join(answer['unknown'])}", BYTE_FOR_BYTE)


@groups.command("show")
def members(context: typer.Context, group: Group, as_json: Json = False) -> None:
    """List the contacts of a group."""
    with connection(context).client() as client:
        found = list(client.pages(at("groups", group, "contacts")))
    show_contacts(found, as_json)


Suppressed = Annotated[list[str] | None, typer.Argument(metavar="CONTACT...", show_default=False)]
Addresses = Annotated[
    list[str] | None, typer.Option("--address", metavar="A", help="An address, whoever has it.", show_default=False)
]
NOBODY = ("who?", "Name contacts, or an address with --address.")


@suppress.command("add")
def suppress_add(context: typer.Context, ids: Suppressed = None, address: Addresses = None) -> None:
    """Suppress contacts, or addresses whoever has them."""
    contacts, addresses = ids or [], address or []
    if not contacts and not addresses:
        fail(Exit.USAGE, *NOBODY)
    with connection(context).client() as client:
        added = client.post(at("suppressions"), {"contacts": contacts, "addresses": addresses})
    say(f"on the list: {len(contacts)} contacts, {len(addresses)} addresses")
    if unknown := added["unknown_contacts"]:
        say(f"no contact has the id {', '.join(unknown)} so far: whoever gets it is suppressed", "yellow")
        say(f"  {BYTE_FOR_BYTE}")
    if unknown := added["unknown_addresses"]:
        say(f"no contact has the address {', '.join(unknown)} so far: whoever gets it is suppressed", "yellow")


@suppress.command("remove")
def suppress_remove(context: typer.Context, ids: Suppressed = None, address: Addresses = None) -> None:
    """Take contacts or addresses off the list. Who bounced or complained is mostly on it as both."""
    if not ids and not address:
        fail(Exit.USAGE, *NOBODY)
    with connection(context).client() as client:
        for contact_id in ids or []:
            client.delete(at("suppressions", contact_id))
            say(f"{contact_id} is off the list; if its address is on it, that stays (--address)")
        for each in address or []:
            client.delete(at("suppressions"), address=each)
            say(f"{each} is off the list; contacts that are on it themselves stay")


@suppress.command("list")
def suppress_list(context: typer.Context, as_json: Json = False) -> None:
    """List who is suppressed: contacts, and addresses (empty: that of a deleted contact)."""
    with connection(context).client() as client:
        found = list(client.pages(at("suppressions")))
    show_rows(found, ["contact_id", "address", "reason", "at"], as_json)
