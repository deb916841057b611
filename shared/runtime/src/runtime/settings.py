"""Settings of every process, from the environment (`SLIPWAY_…`): read once in `__main__` and passed down.

Descriptions become the table in `docs/operations/settings.md` (`make docs`). Secrets never show in a `repr`.
"""

import sys
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from runtime.invalid import in_words

PREFIX = "SLIPWAY_"
Key = Annotated[str, StringConstraints(pattern=r"^(.{32,})?$"), Field(repr=False)]
"""A secret of at least 32 characters; empty where it is not needed."""
Url = Annotated[str, StringConstraints(pattern=r"^(https?://[^/\s]+.*)?$")]


class Settings(BaseSettings):
    """What every service reads. A service that needs more extends it and adds the names to `needs`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True)

    needs: ClassVar[tuple[str, ...]] = ("kafka", "postgres", "token_key")
    """Settings that `read` insists on: without a value the process does not start."""

    kafka: str = Field("", description="Bootstrap servers, `host:port,host:port`.")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How to talk to the brokers."
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "PLAIN", description="With a `SASL_…` protocol."
    )
    kafka_sasl_username: str = Field("", description="With a `SASL_…` protocol.")
    kafka_sasl_password: str = Field("", repr=False, description="With a `SASL_…` protocol.")
    kafka_ssl_ca: Path | None = Field(None, description="File of certificate authorities; default: the system's.")
    topic_prefix: str = Field(
        "",
        pattern=r"^[A-Za-z0-9._-]{0,60}$",
        description="Put before every topic and group: several platforms on one Kafka.",
    )

    postgres: str = Field(
        "",
        repr=False,
        pattern=r"^(postgres(ql)?://.+)?$",
        description="`postgresql://user:password@host:port/{service}`; `{service}` becomes the service's name. Without "
        "a password the file in `PGPASSFILE` is read at every connection.",
    )
    pool_size: int = Field(
        6,
        ge=2,
        le=100,
        description="Most PostgreSQL connections of one process: so many of its streams, and of its HTTP.",
    )

    partitions: int = Field(
        8,
        ge=1,
        le=1024,
        description="Partitions of every topic. Fixed at the first start: another count stops the service.",
    )
    slot: str = Field(
        "",
        pattern=r"^[A-Za-z0-9._-]{0,100}$",
        description="Name that stays the same when this instance is restarted (static membership; in Kubernetes the "
        "pod's name). Two processes of a service never share one. Empty: dynamic membership.",
    )
    mode: Literal["local", "production"] = Field(
        "production", description="`local` allows what only one person's machine may: `--as USER`, failpoints."
    )
    home: Path = Field(Path(".slipway"), description="Folder of the local platform: data, logs, jars.")

    http_host: str = Field("127.0.0.1", description="Address this process serves HTTP on.")
    http_port: int = Field(0, ge=0, le=65535, description="Port this process serves HTTP on; 0: any free one (logged).")
    launcher_url: Url = Field("", description="Where launcher serves HTTP.")
    contacts_url: Url = Field("", description="Where contacts serves HTTP.")
    executor_url: Url = Field("", description="Where executor serves HTTP; several instances: any one of them.")
    messaging_url: Url = Field("", description="Where messaging serves HTTP.")
    log_url: Url = Field("", description="Where log serves HTTP.")

    secret_key: Key = Field(
        "",
        description="Seals signing secrets; launcher and contacts hold the same one. At least 32 characters.",
    )
    token_key: Key = Field(
        "",
        description="Signs the ten-minute tokens of HTTP callers; all hold the same one. At least 32 characters.",
    )

    otlp_endpoint: Url = Field(
        "", description="OTLP/HTTP collector, `http://host:4318`; empty: traces are not exported."
    )
    trace_ratio: float = Field(1.0, ge=0, le=1, description="Share of commands that are traced.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")
    stop_seconds: float = Field(25.0, gt=0, description="Longest wait for running work when asked to stop.")
    breaker: int = Field(
        5, ge=1, description="So many records parked in a row stop their partition: then it is probably our own bug."
    )
    failpoint: str = Field(
        "",
        pattern=r"^([^:\s]+:[^:\s]+:\d+)?$",
        description="`name:action:nth`, a fault to inject. For tests: refused in production mode.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.failpoint and self.mode == "production":
            raise ValueError("SLIPWAY_FAILPOINT is refused in production mode: unset it, or set SLIPWAY_MODE=local")
        if self.kafka_security_protocol.startswith("SASL") and not (
            self.kafka_sasl_username and self.kafka_sasl_password
        ):
            raise ValueError(
                f"SLIPWAY_KAFKA_SECURITY_PROTOCOL={self.kafka_security_protocol} also needs "
                "SLIPWAY_KAFKA_SASL_USERNAME and SLIPWAY_KAFKA_SASL_PASSWORD"
            )
        if self.postgres and "{service}" not in urlsplit(self.postgres).path:
            raise ValueError("SLIPWAY_POSTGRES must name the database as {service}: postgresql://…/{service}")
        return self

    def database(self, service: str) -> str:
        """Address of that service's database."""
        return self.postgres.replace("{service}", service)

    def topic(self, name: str) -> str:
        """Name of a topic (or group) on the broker."""
        return self.topic_prefix + name

    @classmethod
    def read(cls) -> Self:
        """From the environment. What is missing or wrong is said on stderr, with what to do: exit 2."""
        try:
            settings = cls()
        except ValidationError as error:
            complaints = [_complaint(cls, problem["loc"], in_words(problem)) for problem in error.errors()]
        else:
            complaints = [_missing(cls, name) for name in cls.needs if not getattr(settings, name)]
            if not complaints:
                return settings
        lines = ["cannot start:", *complaints, "every setting: docs/operations/settings.md"]
        sys.stderr.write("\n  ".join(lines) + "\n")
        raise SystemExit(2)


def environment_name(field: str) -> str:
    """`kafka` is read from `SLIPWAY_KAFKA`."""
    return PREFIX + field.upper()


def _complaint(cls: type[Settings], place: tuple[int | str, ...], message: str) -> str:
    if not place:
        return message
    name = str(place[0]).lower().removeprefix(PREFIX.lower())
    field = cls.model_fields.get(name)
    return f"{environment_name(name)}: {message}. {(field.description if field else None) or ''}".rstrip()


def _missing(cls: type[Settings], name: str) -> str:
    return f"{environment_name(name)} is not set. {cls.model_fields[name].description}"
