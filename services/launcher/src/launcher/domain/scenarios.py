"""A scenario as it is kept: a key with a state, and versions that never change."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.scenario import Scenario


class ScenarioState(StrEnum):
    INACTIVE = "inactive"
    ACTIVE = "active"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class StoredScenario:
    project: str
    key: str
    name: str
    creator: str
    """Who first pushed the key: their reach decides who is sent to."""
    state: ScenarioState
    active_version: int | None
    newest_version: int
    revision: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoredVersion:
    version: int
    body: Scenario
    source: str
    """The file as it was pushed."""
    digest: bytes
    """Of the canonical body: equal for files that say the same."""
    pushed_by: str
    pushed_at: datetime
