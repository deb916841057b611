"""The database's password is changed while launches run: with a password file, and without."""

import asyncio
import time
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from chaos.case import Case, Ground
from chaos.given_servers import given, given_servers
from chaos.trial import trial
from cli.platform.servers import Servers

CONTACTS = 3_000
UNKNOWN_SECONDS = 15.0
"""How long the services do not have the new password."""
ROLE = "application"
REFUSED = "password authentication failed"


@trial(
    fault="PostgreSQL's password is changed in a launch and every session ended; 15 s later the password file has it",
    holds="base; no process of ours dies; meanwhile each says that its password is refused; all are ready 10 s later",
)
def password_changed_in_file(case: Case) -> None:
    with given_servers() as (servers, folder):
        asyncio.run(_role(servers.postgres, "first"))
        file = folder / "pgpass"
        _write(file, "first")
        settings = given(servers, f"{_address(servers, ROLE)}?passfile={file}")
        with case.platform(contacts=CONTACTS, settings=settings) as ground:
            before = ground.pids()
            ground.launch()
            ground.until_mails(case.chance.randint(1, CONTACTS))
            with case.fault():
                asyncio.run(_change(servers.postgres, "second"))
                _refused_everywhere(case, ground)
                _write(file, "second")
            began = time.monotonic()
            ground.until_ready()
            case.figure("ready after, s", time.monotonic() - began)
            case.claim(time.monotonic() - began <= 10, f"ready only {time.monotonic() - began:.1f} s after the change")
            case.rest(ground)
            case.claim(ground.pids() == before, f"processes ended: {before} are {ground.pids()}")


@trial(
    fault="PostgreSQL's password is changed in a launch and every session ended; the settings have the old "
    "one, and 15 s later the platform is started again with the new one",
    holds="base; meanwhile no process dies, and each says that its password is refused",
)
def password_changed_in_address(case: Case) -> None:
    with given_servers() as (servers, _):
        asyncio.run(_role(servers.postgres, "first"))
        settings = given(servers, _address(servers, f"{ROLE}:first"))
        with case.platform(contacts=CONTACTS, settings=settings, watched=False) as ground:
            before = ground.pids()
            ground.launch()
            ground.until_mails(case.chance.randint(1, CONTACTS))
            with case.fault():
                asyncio.run(_change(servers.postgres, "second"))
                _refused_everywhere(case, ground)
                case.claim(ground.pids() == before, f"processes ended: {before} are {ground.pids()}")
                ground.made.start_again(given(servers, _address(servers, f"{ROLE}:second")))
            case.rest(ground)


def _address(servers: Servers, who: str) -> str:
    return f"postgresql://{who}@{urlsplit(servers.postgres).netloc.rpartition('@')[2]}/{{service}}"


def _refused_everywhere(case: Case, ground: Ground) -> None:
    """Until the new password is there; by then every process has said what is wrong."""
    until, said = time.monotonic() + UNKNOWN_SECONDS, set[str]()
    while time.monotonic() < until:
        said.update(slot for slot, wrong in ground.complaints().items() if REFUSED in wrong)
        time.sleep(0.5)
    silent = ground.pids().keys() - said
    case.claim(not silent, f"did not say that the password is refused: {sorted(silent)}")


async def _role(postgres: str, password: str) -> None:
    """One that may make databases, as the services do at the first start."""
    await _administer(postgres, f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{password}'")


async def _change(postgres: str, password: str) -> None:
    """And end every session of it."""
    await _administer(postgres, f"ALTER ROLE {ROLE} PASSWORD '{password}'")
    await _administer(postgres, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", ROLE)


async def _administer(postgres: str, statement: str, *arguments: str) -> None:
    connection = await asyncpg.connect(postgres.replace("{service}", "postgres"))
    try:
        await connection.execute(statement, *arguments)
    finally:
        await connection.close()


def _write(file: Path, password: str) -> None:
    unfinished = file.with_suffix(".new")
    unfinished.touch(0o600)
    unfinished.write_text(f"*:*:*:{ROLE}:{password}\n")
    unfinished.rename(file)
