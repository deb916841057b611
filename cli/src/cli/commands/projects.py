"""Projects, keys and users: who may do what."""

from typing import Annotated, Any

import typer

from cli.connection import at, connection
from cli.output import Exit, emit_json, fail, say, show_rows, stdout, told

project = typer.Typer(no_args_is_help=True, help="Projects: the tenants of an installation.")
key = typer.Typer(no_args_is_help=True, help="Keys of programs: a CRM on Kafka, a script on HTTP.")
user = typer.Typer(no_args_is_help=True, help="Users, what they may do and whom they may send to.")

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Grants = Annotated[
    list[str] | None, typer.Option("--grant", help="A permission such as process:start; repeat for more.")
]
Roles = Annotated[
    list[str] | None,
    typer.Option("--role", help="viewer, marketer, approver, author or manager: the permissions of that role; repeat."),
]


@project.command("create")
def create_project(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="KEY", help="Lower-case letters, digits, - and _.")],
    zone: Annotated[str | None, typer.Option(help="Time zone, such as Europe/Vienna; UTC if not said.")] = None,
) -> None:
    """Create a project. One that is there already stays as it is."""
    with connection(context).client() as client:
        client.post(at("projects"), {"key": name, **({"zone": zone} if zone else {})})
    say(f"project {name} is there; name it with --project {name} or SLIPWAY_PROJECT={name}")


@project.command("set")
def set_project(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="KEY")],
    zone: Annotated[str | None, typer.Option(help="Time zone of the project, such as Europe/Vienna.")] = None,
    second_approver_above: Annotated[
        str | None,
        typer.Option(metavar="N|none", help="Launches of more targets are approved by another person than who asked."),
    ] = None,
    launches_per_hour: Annotated[
        str | None, typer.Option(metavar="N|none", help="How many launches may be asked for by all together.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Change a project. What is not said stays as it is; `none` takes a bound away."""
    given: dict[str, Any] = {"zone": zone} if zone else {}
    bounds = {"second_approver_above": second_approver_above, "launches_per_hour": launches_per_hour}
    given |= {what: _bound(what, text) for what, text in bounds.items() if text is not None}
    if not given:
        fail(Exit.USAGE, "nothing to change is said", "Say --zone, --second-approver-above or --launches-per-hour.")
    with connection(context).client() as client:
        now = client.post(at("projects"), {"key": name, **given})
    if as_json:
        emit_json(now)
        return
    above, hourly = now["second_approver_above"], now["launches_per_hour"]
    say(f"project {name}: zone {now['zone']}")
    say("a second person approves " + ("no launch" if above is None else f"launches of more than {above:,} targets"))
    say("launches per hour: " + ("no bound of the project's own" if hourly is None else f"{hourly:,}"))


@project.command("list")
def list_projects(context: typer.Context, as_json: Json = False) -> None:
    """List the projects."""
    with connection(context).client() as client:
        show_rows(
            list(client.pages(at("projects"))), ["key", "zone", "second_approver_above", "launches_per_hour"], as_json
        )


@key.command("create")
def create_key(
    context: typer.Context,
    grant: Grants = None,
    role: Roles = None,
    launches_per_hour: Annotated[int | None, typer.Option(min=0, help="How many launches it may ask for.")] = None,
    as_json: Json = False,
) -> None:
    """Make a key. Its secrets are shown once, now."""
    hourly = {} if launches_per_hour is None else {"launches_per_hour": launches_per_hour}
    with connection(context).client() as client:
        made = client.post(at("keys"), {"grants": grant or [], "roles": role or [], **hourly})
    if as_json:
        emit_json(made)
        return
    stdout.print(f"key             {made['key_id']}")
    stdout.print(f"signing secret  {made['signing_secret']}", soft_wrap=True)
    stdout.print(f"bearer token    {made['token']}", soft_wrap=True)
    say("Keep both secrets now: they are not shown again. Kafka: signing secret (docs/crm.md). HTTP: bearer token.")


@key.command("list")
def list_keys(context: typer.Context, as_json: Json = False) -> None:
    """List the project's keys."""
    with connection(context).client() as client:
        show_rows(list(client.pages(at("keys"))), ["key_id", "grants", "revoked", "created_at"], as_json)


@key.command("revoke")
def revoke_key(context: typer.Context, key_id: Annotated[str, typer.Argument(metavar="KEY_ID")]) -> None:
    """Revoke a key: nothing signed with it is taken any more."""
    with connection(context).client() as client:
        client.post(at("keys", key_id, "revoke"))
    say(f"key {key_id} is revoked")


@user.command("create")
def create_user(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="USER")],
    grant: Grants = None,
    role: Roles = None,
    as_json: Json = False,
) -> None:
    """Create a user. The token for `slipway login` is shown once, now."""
    with connection(context).client() as client:
        made = client.post(at("users"), {"user": name, "grants": grant or [], "roles": role or []})
    if as_json:
        emit_json(made)
        return
    stdout.print(f"user   {made['user']}")
    stdout.print(f"token  {made['token']}", soft_wrap=True)
    say("Keep the token now: it is not shown again.")


@user.command("list")
def list_users(context: typer.Context, as_json: Json = False) -> None:
    """List the project's users."""
    with connection(context).client() as client:
        show_rows(list(client.pages(at("users"))), ["user", "grants", "restriction", "disabled"], as_json)


@user.command("disable")
def disable_user(context: typer.Context, name: Annotated[str, typer.Argument(metavar="USER")]) -> None:
    """Disable a user: nothing of theirs begins, and what runs for them pauses."""
    _change(context, name, "disable", {})
    say(f"user {name} is disabled; `slipway launches --state paused` shows what waits for somebody because of that")


@user.command("enable")
def enable_user(context: typer.Context, name: Annotated[str, typer.Argument(metavar="USER")]) -> None:
    """Enable a user again. What was paused stays paused until somebody resumes it."""
    _change(context, name, "enable", {})
    say(f"user {name} is enabled; launches that were paused go on by `slipway resume`")


@user.command("grant")
def grant_user(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="USER")],
    grant: Grants = None,
    role: Roles = None,
) -> None:
    """Set what a user may do: exactly these permissions and those of these roles."""
    now = _change(context, name, "grant", {"grants": grant or [], "roles": role or []})
    say(f"user {name} may: {', '.join(now['grants']) or 'nothing'}")


@user.command("restrict")
def restrict_user(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="USER")],
    where: Annotated[str | None, typer.Option(help="CEL over `contact`; left out: everybody again.")] = None,
) -> None:
    """Restrict whom scenarios of this creator may send to."""
    now = _change(context, name, "restrict", {"where": where})
    for line in told(now["points"]):
        say(line)
    say(f"user {name} may send to " + (f"contacts where {where}" if where else "everybody"))


def _change(context: typer.Context, name: str, what: str, body: dict[str, Any]) -> dict[str, Any]:
    with connection(context).client() as client:
        changed: dict[str, Any] = client.post(at("users", name, what), body)
    return changed


def _bound(what: str, text: str) -> int | None:
    if text == "none":
        return None
    if not text.isdecimal():
        wrong = "is below 0" if text.removeprefix("-").isdecimal() else "is no whole number"
        fail(Exit.USAGE, f"--{what.replace('_', '-')} {text} {wrong}", "Give 0 or more, or none.")
    return int(text)
