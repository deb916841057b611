"""`migrate`: the services' databases, at this version's schema."""

import asyncio
from importlib import resources
from pathlib import Path

import typer

from cli.given import given_servers
from cli.output import Exit, fail, say
from cli.platform.failure import PlatformError
from cli.platform.ready import await_postgres
from cli.platform.services import WITH_DATABASE
from runtime import migrations
from runtime.settings import Settings

migrate = typer.Typer()


@migrate.command("migrate")
def run() -> None:
    """Make the services' databases, or bring them to this version's schema."""
    settings = given_servers()
    try:
        asyncio.run(_migrate(settings))
    except PlatformError as error:
        fail(Exit(error.code), error.what, error.remedy or None)
    except migrations.MigrationError as error:
        fail(Exit.NO, str(error))
    say(f"databases are up to date: {', '.join(WITH_DATABASE)}")


async def _migrate(settings: Settings) -> None:
    await await_postgres(settings.database(WITH_DATABASE[0]))
    for service in WITH_DATABASE:
        folder = Path(str(resources.files(service) / "migrations"))
        await migrations.apply(settings.postgres, service, folder, partitions=settings.partitions)
