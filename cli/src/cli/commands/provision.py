"""`migrate` and `topics apply`: what has to be there before services start, once per installation and idempotent."""

import asyncio
import logging
from importlib import resources
from pathlib import Path
from typing import Any

import typer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.helpers import create_ssl_context

from cli.output import Exit, fail, say
from cli.platform.failure import PlatformError
from cli.platform.home import find_home
from cli.platform.ready import await_kafka, await_postgres
from cli.platform.services import WITH_DATABASE
from cli.platform.state import State, read_state
from cli.platform.topics import Applied, apply_topics
from runtime import migrations
from runtime.settings import Settings

provision = typer.Typer()
topics = typer.Typer(no_args_is_help=True, help="Kafka's topics.")


class ProvisionSettings(Settings):
    """Neither needs everything: what is missing is taken from the local platform that runs."""

    needs = ()


@provision.command("migrate")
def migrate() -> None:
    """Make the services' databases, or bring them to this version's schema."""
    settings = _settings()
    try:
        asyncio.run(_migrate(settings))
    except (PlatformError, migrations.MigrationError) as error:
        fail(Exit(getattr(error, "code", Exit.NO)), str(error))
    say(f"databases are up to date: {', '.join(WITH_DATABASE)}")


@topics.callback()
def _group() -> None:
    """Kafka's topics."""


@topics.command("apply")
def apply() -> None:
    """Make the topics with their partitions and settings; change settings that differ. Refuses another count."""
    settings = _settings()
    try:
        applied = asyncio.run(_apply(settings))
    except PlatformError as error:
        fail(Exit(error.code), error.what, error.remedy or None)
    except KafkaError as error:
        fail(Exit.UNREACHABLE, f"Kafka at {settings.kafka} failed: {error}")
    for what, names in (("created", applied.created), ("changed", applied.changed)):
        if names:
            say(f"{what}: {', '.join(names)}")
    say(f"{len(applied.unchanged)} topics are as they should be")


async def _migrate(settings: Settings) -> None:
    await await_postgres(settings.database("postgres"))
    for service in WITH_DATABASE:
        folder = Path(str(resources.files(service) / "migrations"))
        await migrations.apply(settings.postgres, service, folder, partitions=settings.partitions)


async def _apply(settings: Settings) -> Applied:
    security = kafka_security(settings)
    await await_kafka(settings.kafka, **security)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka, **security)
    await admin.start()
    try:
        return await apply_topics(admin, settings.partitions, settings.topic_prefix)
    finally:
        await admin.close()


def kafka_security(settings: Settings) -> dict[str, Any]:
    """What any aiokafka client needs beside the address."""
    protocol = settings.kafka_security_protocol
    return {
        "security_protocol": protocol,
        "ssl_context": create_ssl_context(cafile=settings.kafka_ssl_ca) if protocol.endswith("SSL") else None,
        "sasl_mechanism": settings.kafka_sasl_mechanism,
        "sasl_plain_username": settings.kafka_sasl_username or None,
        "sasl_plain_password": settings.kafka_sasl_password or None,
    }


def _settings() -> Settings:
    """From the environment, else of the local platform. Exit 3 without either."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    settings = ProvisionSettings.read()
    if settings.kafka and settings.postgres:
        return settings
    home = find_home()
    state: State | None = read_state(home.state)
    if state is None:
        fail(Exit.UNREACHABLE, "which servers?", "Set SLIPWAY_KAFKA and SLIPWAY_POSTGRES, or start `slipway up`.")
    own = {"kafka": settings.kafka or state.kafka, "postgres": settings.postgres or state.postgres}
    return settings.model_copy(update={**own, "partitions": state.partitions})
