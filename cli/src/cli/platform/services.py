"""The services of the platform and what each process of them is told, by environment."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from cli.platform.home import Home
from cli.platform.spec import ProcessSpec
from cli.platform.state import State


@dataclass(frozen=True, slots=True)
class ServiceKind:
    name: str
    """Package, consumer group and database."""
    most: int | None = 1
    """Processes at most; None: as many as there are partitions."""
    database: bool = True


SERVICES = {
    kind.name: kind
    for kind in (
        ServiceKind("launcher", None),
        ServiceKind("contacts", None),
        ServiceKind("executor", None),
        ServiceKind("messaging", None),
        ServiceKind("log", None),
        ServiceKind("console", 1, database=False),
    )
}
WITH_DATABASE = tuple(kind.name for kind in SERVICES.values() if kind.database)


def instances(scale: Mapping[str, int]) -> list[str]:
    """Names of all processes of services, `executor-0` first; a name is the process's slot for ever."""
    return [f"{name}-{number}" for name in SERVICES for number in range(scale.get(name, 1))]


def service_of(instance: str) -> str:
    return instance.rpartition("-")[0]


def platform_environment(home: Home, state: State) -> dict[str, str]:
    """What all processes are told. What the person has set stays, except where things are."""
    given = {name: value for name, value in os.environ.items() if name.startswith("SLIPWAY_")}
    keys = {
        "SLIPWAY_SECRET_KEY": given.get("SLIPWAY_SECRET_KEY") or home.secret("secret-key"),
        "SLIPWAY_TOKEN_KEY": given.get("SLIPWAY_TOKEN_KEY") or home.secret("token-key"),
        "SLIPWAY_LINK_KEY": given.get("SLIPWAY_LINK_KEY") or home.secret("link-key"),
        "SLIPWAY_PUBLIC_URL": given.get("SLIPWAY_PUBLIC_URL") or state.http,
    }
    mode = given.get("SLIPWAY_MODE") or ("local" if state.embedded else "production")
    if mode == "local":
        keys["SLIPWAY_ADMIN_TOKEN"] = home.secret("admin-token", prefix="admin.")
    return {
        **given,
        **keys,
        "SLIPWAY_MODE": mode,
        "SLIPWAY_HOME": str(home.root),
        "SLIPWAY_KAFKA": state.kafka,
        "SLIPWAY_POSTGRES": state.postgres,
        "SLIPWAY_SMTP_URL": state.smtp,
        "SLIPWAY_PARTITIONS": str(state.partitions),
        **{f"SLIPWAY_{name.upper()}_URL": url(state, f"{name}-0") for name in SERVICES if name != "console"},
    }


def url(state: State, instance: str) -> str:
    """Where a process serves HTTP."""
    return state.http if service_of(instance) == "console" else f"http://127.0.0.1:{state.ports[instance]}"


def service_spec(home: Home, state: State, instance: str) -> ProcessSpec:
    """How the process of that slot is started. Its port is in the state."""
    service = service_of(instance)
    host, _, port = url(state, instance).removeprefix("http://").rpartition(":")
    return ProcessSpec(
        name=instance,
        argv=(sys.executable, "-P", "-m", service),
        log=home.log(instance),
        environment={
            **platform_environment(home, state),
            "SLIPWAY_SLOT": instance,
            "SLIPWAY_HTTP_HOST": host,
            "SLIPWAY_HTTP_PORT": port,
            "PYTHONUNBUFFERED": "1",
        },
        port=int(port),
    )


def zygote_spec(home: Home) -> ProcessSpec:
    """The process that services, sink and jobs are forked from. What it is told /proc shows of all of them."""
    return ProcessSpec(
        name="zygote",
        argv=(sys.executable, "-P", "-m", "cli.platform.zygote"),
        log=home.log("zygote"),
        environment={"PYTHONUNBUFFERED": "1", "SLIPWAY_HOME": str(home.root)},
    )


def sink_spec(home: Home, state: State) -> ProcessSpec:
    """The mail sink that takes the place of a provider."""
    port = state.ports["smtp"]
    return ProcessSpec(
        name="smtp",
        argv=(sys.executable, "-P", "-m", "cli.platform.sink", "--port", str(port), "--ledger", str(home.mails)),
        log=home.log("smtp"),
        port=port,
    )


def job_spec(home: Home, state: State, name: str, *command: str) -> ProcessSpec:
    """A `slipway` command that runs once, as `migrate` does."""
    return ProcessSpec(
        name=name,
        argv=(sys.executable, "-P", "-m", "cli", *command),
        log=home.log(name),
        environment=platform_environment(home, state),
    )
