"""deploy/compose.yaml: what a container has to keep lies in a volume, and every service is there."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]


def kept(service: str) -> list[str]:
    """Folders that are in a named volume."""
    volumes = (volume.split(":") for volume in SERVICES[service].get("volumes", []))
    return [folder for name, folder in volumes if name in COMPOSE["volumes"]]


def test_kafka_and_postgres_outlive_their_containers() -> None:
    """One without the other stops every service: the topics are not those that the databases have read."""
    assert SERVICES["kafka"]["environment"]["KAFKA_LOG_DIRS"] in kept("kafka")
    assert "/var/lib/postgresql" in kept("postgres"), "as the image of PostgreSQL 18 has it"


def test_every_service_runs_once_databases_and_topics_are_there() -> None:
    names = {path.name for path in (ROOT / "services").iterdir() if (path / "pyproject.toml").exists()}
    run = {name: each for name, each in SERVICES.items() if each.get("command") == ["python", "-m", name]}
    assert run.keys() == names
    for each in run.values():
        assert each["depends_on"].keys() == {"migrate", "topics"}
        assert "readyz" in each["healthcheck"]["test"][-1]
