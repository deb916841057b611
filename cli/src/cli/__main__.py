"""The command `slipway`: puts the commands together and makes exit codes of what they raise."""

import os
import sys
import traceback
from typing import Annotated

import typer

from cli.commands import contacts, crm, demo, launches, local, operations, projects, provision, reconcile, scenarios
from cli.connection import Connection
from cli.output import Exit, stderr
from cli.platform.home import find_home

app = typer.Typer(
    name="slipway",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
TOP_LEVEL = (
    local.local,
    provision.provision,
    demo.demo,
    launches.launches,
    operations.operations,
    reconcile.reconcile,
)
GROUPS = {
    "topics": provision.topics,
    "project": projects.project,
    "key": projects.key,
    "user": projects.user,
    "contacts": contacts.contacts,
    "groups": contacts.groups,
    "suppress": contacts.suppress,
    "scenario": scenarios.scenario,
    "crm": crm.crm,
    "parked": operations.parked,
    "incidents": operations.incidents,
}

for commands in TOP_LEVEL:
    app.add_typer(commands)
for name, commands in GROUPS.items():
    app.add_typer(commands, name=name)


@app.callback()
def slipway(
    context: typer.Context,
    project: Annotated[str | None, typer.Option(envvar="SLIPWAY_PROJECT", help="The project that is meant.")] = None,
    as_user: Annotated[str | None, typer.Option("--as", metavar="USER", help="Local platform only.")] = None,
) -> None:
    """Launches marketing-automation scenarios on contacts, exactly once per contact, and accounts for every one."""
    context.obj = Connection(project=project, as_user=as_user, home=find_home().root)


def main() -> None:
    """Exit codes: `cli.output.Exit`."""
    try:
        app(prog_name="slipway")
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has left: `slipway logs | head`
        sys.exit(Exit.DONE)
    except Exception as error:
        traceback.print_exc()
        stderr.print(f"[bold red]slipway:[/] internal error: {type(error).__name__}: {error}")
        sys.exit(Exit.INTERNAL)


if __name__ == "__main__":
    main()
