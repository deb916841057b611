"""HTTP: thin routes over the handlers. Every one is in the table of `contracts.access`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter

from launcher.api import (
    counts,
    flow,
    keys,
    launches,
    ordering,
    pausing,
    projects,
    scenarios,
    starts,
    tokens,
    trials,
    users,
)
from launcher.api.doors import Doors
from launcher.api.idempotency import Idempotency
from launcher.handlers.approving import Approving
from launcher.handlers.counting import Counts
from launcher.handlers.flow import Drafts
from launcher.handlers.launches import LaunchHandlers
from launcher.handlers.ordering import Ordering
from launcher.handlers.pausing import Pausing
from launcher.handlers.projects import ProjectHandlers
from launcher.handlers.requesters import Requesters
from launcher.handlers.scenarios import ScenarioHandlers
from launcher.handlers.starting import Starting
from launcher.handlers.tokens import TokenHandlers
from launcher.handlers.trials import Trials
from launcher.handlers.unknown import Narrowing
from launcher.handlers.users import UserHandlers
from launcher.handlers.vacancies import Vacancies
from launcher.handlers.validator import Validator
from launcher.ports import Channels, Conditions, Keys, Launches, Projects, Scenarios, Users

if TYPE_CHECKING:
    from runtime.process import Resources


@dataclass(frozen=True, slots=True)
class Surface:
    """What the routes call."""

    projects: Projects
    keys: Keys
    users: Users
    scenarios: Scenarios
    launches: Launches
    requesters: Requesters
    parties: ProjectHandlers
    people: UserHandlers
    versions: ScenarioHandlers
    control: LaunchHandlers
    pausing: Pausing
    ordering: Ordering
    drafts: Drafts
    approving: Approving
    counts: Counts
    starting: Starting
    trials: Trials
    narrowing: Narrowing
    vacancies: Vacancies
    tokens: TokenHandlers
    validator: Validator
    channels: Channels
    idempotency: Idempotency
    conditions: Conditions


def routes(surface: Surface, resources: "Resources") -> APIRouter:
    doors = Doors(resources, surface.projects, surface.requesters)
    tokens.add(doors, surface.tokens)
    projects.add(doors, surface.parties, surface.projects, surface.idempotency)
    keys.add(doors, surface.parties, surface.keys, surface.idempotency)
    users.add(doors, surface.people, surface.users, surface.conditions, surface.idempotency)
    scenarios.add(doors, surface.versions, surface.scenarios, surface.validator, surface.channels, surface.conditions)
    launches.add(doors, surface.control, surface.launches, surface.narrowing, surface.vacancies, surface.idempotency)
    starts.add(doors, surface.starting, surface.launches, surface.vacancies, surface.idempotency)
    trials.add(doors, surface.trials, surface.launches, surface.idempotency)
    flow.add(doors, surface.drafts, surface.approving)
    counts.add(doors, surface.counts)
    pausing.add(doors, surface.pausing)
    ordering.add(doors, surface.control, surface.ordering, surface.idempotency)
    return doors.router
