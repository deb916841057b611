"""Who may do what: one table for every HTTP route and every command. What is not in it is refused."""

from enum import Enum
from typing import Final

from contracts import crm
from contracts.words import Permission as P


class Door(Enum):
    """Ways in that no permission of a project opens."""

    ADMINISTRATOR = "administrator"
    """Only who administers the whole installation."""
    CREDENTIALS = "credentials"
    """Whoever shows a valid key or token: that is what the route is for."""


ROUTES: Final[dict[tuple[str, str], P | Door]] = {
    ("POST", "/internal/tokens"): Door.CREDENTIALS,
    ("POST", "/v1/projects"): Door.ADMINISTRATOR,
    ("GET", "/v1/projects"): P.VIEW,
    ("POST", "/v1/keys"): P.USERS_MANAGE,
    ("GET", "/v1/keys"): P.USERS_MANAGE,
    ("POST", "/v1/keys/{key_id}/revoke"): P.USERS_MANAGE,
    ("POST", "/v1/users"): P.USERS_MANAGE,
    ("GET", "/v1/users"): P.USERS_MANAGE,
    ("GET", "/v1/users/{user}"): P.USERS_MANAGE,
    ("POST", "/v1/users/{user}/disable"): P.USERS_MANAGE,
    ("POST", "/v1/users/{user}/grant"): P.USERS_MANAGE,
    ("POST", "/v1/users/{user}/restrict"): P.USERS_MANAGE,
    ("POST", "/v1/scenarios/validate"): P.VIEW,
    ("POST", "/v1/scenarios"): P.SCENARIO_WRITE,
    ("GET", "/v1/scenarios"): P.VIEW,
    ("GET", "/v1/scenarios/{key}"): P.VIEW,
    ("GET", "/v1/scenarios/{key}/versions"): P.VIEW,
    ("GET", "/v1/scenarios/{key}/versions/{version}"): P.VIEW,
    ("GET", "/v1/scenarios/{key}/diff"): P.VIEW,
    ("POST", "/v1/scenarios/{key}/activate"): P.SCENARIO_WRITE,
    ("POST", "/v1/scenarios/{key}/deactivate"): P.SCENARIO_WRITE,
    ("POST", "/v1/scenarios/{key}/archive"): P.SCENARIO_WRITE,
    ("POST", "/v1/launches"): P.PROCESS_START,
    ("GET", "/v1/launches"): P.VIEW,
    ("GET", "/v1/launches/{launch_id}"): P.VIEW,
    ("POST", "/v1/launches/{launch_id}/stop"): P.LAUNCH_STOP,
    ("POST", "/v1/launches/{launch_id}/pause"): P.LAUNCH_STOP,
    ("POST", "/v1/launches/{launch_id}/resume"): P.LAUNCH_STOP,
    ("GET", "/v1/audit"): P.VIEW,
}

COMMANDS: Final[dict[str, P]] = {
    crm.LaunchRequest.TYPE: P.PROCESS_START,
    crm.LaunchStop.TYPE: P.LAUNCH_STOP,
    crm.LaunchPause.TYPE: P.LAUNCH_STOP,
    crm.LaunchResume.TYPE: P.LAUNCH_STOP,
    crm.LaunchRemoveContact.TYPE: P.LAUNCH_STOP,
}
