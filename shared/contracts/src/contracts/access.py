"""Who may do what: the one table of every HTTP route and every command. What is not in it does not exist.

Every service's routes are compared with it, console finds a path's owner in it, and launcher a command's permission.
"""

from dataclasses import dataclass
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
    PUBLIC = "public"
    """Everybody: what the request itself carries (a signature, a token in its path) is judged by the handler."""


@dataclass(frozen=True, slots=True)
class Access:
    """Of one route: who serves it, and what the caller has to have."""

    service: str
    permission: P | Door
    alternative: P | None = None
    """Opens the door too; whether this caller is meant, the handler judges."""
    also: tuple[str, ...] = ()
    """More services that have the route, each for what is its own."""
    merged: bool = False
    """Of those: console asks all and makes one answer. Otherwise the query's `service` says whose is meant."""
    within: str | None = None
    """The path of what the list is of, which `service` does not know: console has its owner say whether there is one.
    The route's own path goes on from it by one segment."""

    @property
    def services(self) -> tuple[str, ...]:
        return (self.service, *self.also)


INTERNAL: Final = "/internal/"
"""Paths below it are between services: nobody outside finds them."""

_STREAMING = ("contacts", "executor", "messaging", "log")

ROUTES: Final[dict[tuple[str, str], Access]] = {
    # between services
    ("POST", "/internal/tokens"): Access("launcher", Door.CREDENTIALS),
    ("POST", "/internal/counts"): Access("contacts", P.PROCESS_START),
    ("POST", "/internal/conditions"): Access("contacts", P.VIEW),
    # who there is
    ("POST", "/v1/projects"): Access("launcher", Door.ADMINISTRATOR),
    ("GET", "/v1/projects"): Access("launcher", P.VIEW),
    ("GET", "/v1/projects/{key}"): Access("launcher", P.VIEW),
    ("POST", "/v1/keys"): Access("launcher", P.USERS_MANAGE),
    ("GET", "/v1/keys"): Access("launcher", P.USERS_MANAGE),
    ("POST", "/v1/keys/{key_id}/revoke"): Access("launcher", P.USERS_MANAGE),
    ("POST", "/v1/users"): Access("launcher", P.USERS_MANAGE),
    ("GET", "/v1/users"): Access("launcher", P.USERS_MANAGE),
    ("GET", "/v1/users/{user}"): Access("launcher", P.USERS_MANAGE),
    ("POST", "/v1/users/{user}/disable"): Access("launcher", P.USERS_MANAGE),
    ("POST", "/v1/users/{user}/enable"): Access("launcher", P.USERS_MANAGE),
    ("POST", "/v1/users/{user}/grant"): Access("launcher", P.USERS_MANAGE),
    ("POST", "/v1/users/{user}/restrict"): Access("launcher", P.USERS_MANAGE),
    ("GET", "/v1/audit"): Access("launcher", P.VIEW, also=_STREAMING, merged=True),
    # scenarios
    ("POST", "/v1/scenarios/validate"): Access("launcher", P.VIEW),
    ("POST", "/v1/scenarios"): Access("launcher", P.SCENARIO_WRITE),
    ("GET", "/v1/scenarios"): Access("launcher", P.VIEW),
    ("GET", "/v1/scenarios/{key}"): Access("launcher", P.VIEW),
    ("GET", "/v1/scenarios/{key}/versions"): Access("launcher", P.VIEW),
    ("GET", "/v1/scenarios/{key}/versions/{version}"): Access("launcher", P.VIEW),
    ("GET", "/v1/scenarios/{key}/diff"): Access("launcher", P.VIEW),
    ("POST", "/v1/scenarios/{key}/activate"): Access("launcher", P.SCENARIO_WRITE),
    ("POST", "/v1/scenarios/{key}/deactivate"): Access("launcher", P.SCENARIO_WRITE),
    ("POST", "/v1/scenarios/{key}/archive"): Access("launcher", P.SCENARIO_WRITE),
    ("POST", "/v1/scenarios/{key}/transfer"): Access("launcher", P.USERS_MANAGE),
    ("POST", "/v1/scenarios/{key}/instances"): Access("launcher", P.PROCESS_START),
    ("GET", "/v1/scenarios/{key}/instances"): Access("executor", P.VIEW, within="/v1/scenarios/{key}"),
    # contacts
    ("POST", "/v1/contacts"): Access("contacts", P.CONTACTS_WRITE),
    ("GET", "/v1/contacts"): Access("contacts", P.VIEW),
    ("GET", "/v1/contacts/{contact_id}"): Access("contacts", P.VIEW),
    ("DELETE", "/v1/contacts/{contact_id}"): Access("contacts", P.CONTACTS_WRITE),
    ("POST", "/v1/contacts/{contact_id}/instances"): Access("launcher", P.PROCESS_START),
    ("GET", "/v1/contacts/{contact_id}/instances"): Access("executor", P.VIEW),
    ("GET", "/v1/contacts/{contact_id}/timeline"): Access("log", P.VIEW),
    ("GET", "/v1/groups"): Access("contacts", P.VIEW),
    ("POST", "/v1/groups"): Access("contacts", P.CONTACTS_WRITE),
    ("DELETE", "/v1/groups/{group}"): Access("contacts", P.CONTACTS_WRITE),
    ("GET", "/v1/groups/{group}/contacts"): Access("contacts", P.VIEW),
    ("POST", "/v1/groups/{group}/contacts"): Access("contacts", P.CONTACTS_WRITE),
    ("GET", "/v1/segments"): Access("contacts", P.VIEW),
    ("POST", "/v1/segments"): Access("contacts", P.CONTACTS_WRITE),
    ("GET", "/v1/segments/{segment}"): Access("contacts", P.VIEW),
    ("DELETE", "/v1/segments/{segment}"): Access("contacts", P.CONTACTS_WRITE),
    ("GET", "/v1/suppressions"): Access("contacts", P.VIEW),
    ("POST", "/v1/suppressions"): Access("contacts", P.CONTACTS_WRITE),
    ("DELETE", "/v1/suppressions"): Access("contacts", P.CONTACTS_WRITE),
    ("DELETE", "/v1/suppressions/{contact_id}"): Access("contacts", P.CONTACTS_WRITE),
    # launches: from the count to the start
    ("POST", "/v1/counts"): Access("launcher", P.PROCESS_START, alternative=P.LAUNCH_APPROVE),
    ("POST", "/v1/launches"): Access("launcher", P.PROCESS_START),
    ("POST", "/v1/launches/{launch_id}/validate"): Access("launcher", P.PROCESS_START),
    ("POST", "/v1/launches/{launch_id}/confirm"): Access("launcher", P.PROCESS_START),
    ("POST", "/v1/launches/{launch_id}/approve"): Access("launcher", P.LAUNCH_APPROVE),
    ("POST", "/v1/launches/{launch_id}/decline"): Access("launcher", P.LAUNCH_APPROVE, alternative=P.PROCESS_START),
    ("POST", "/v1/launches/{launch_id}/relaunch"): Access("launcher", P.PROCESS_START),
    ("POST", "/v1/launches/{launch_id}/retry"): Access("launcher", P.PROCESS_START),
    ("POST", "/v1/tests"): Access("launcher", P.PROCESS_START),
    ("POST", "/v1/rehearsals"): Access("launcher", P.PROCESS_START),
    # launches: control
    ("POST", "/v1/launches/{launch_id}/stop"): Access("launcher", P.LAUNCH_STOP),
    ("POST", "/v1/launches/{launch_id}/pause"): Access("launcher", P.LAUNCH_STOP),
    ("POST", "/v1/launches/{launch_id}/resume"): Access("launcher", P.LAUNCH_STOP),
    ("POST", "/v1/launches/{launch_id}/pacing"): Access("launcher", P.LAUNCH_STOP),
    ("POST", "/v1/launches/{launch_id}/remove"): Access("launcher", P.LAUNCH_STOP),
    ("POST", "/v1/launches/{launch_id}/advance"): Access("launcher", P.LAUNCH_STOP),
    ("GET", "/v1/launches/{launch_id}/orders/{order_id}"): Access("executor", P.VIEW),
    # launches: what one sees
    ("GET", "/v1/launches"): Access("launcher", P.VIEW),
    ("GET", "/v1/launches/{launch_id}"): Access("launcher", P.VIEW),
    ("GET", "/v1/launches/{launch_id}/progress"): Access("log", P.VIEW),
    ("GET", "/v1/launches/{launch_id}/events"): Access("log", P.VIEW),
    ("GET", "/v1/launches/{launch_id}/outcomes"): Access("log", P.VIEW),
    ("GET", "/v1/launches/{launch_id}/in-progress"): Access("log", P.VIEW),
    ("GET", "/v1/launches/{launch_id}/passed"): Access("log", P.VIEW),
    ("GET", "/v1/launches/{launch_id}/instances"): Access("executor", P.VIEW),
    ("GET", "/v1/launches/{launch_id}/deliveries"): Access("messaging", P.VIEW),
    ("GET", "/v1/launches/{launch_id}/ledger"): Access("contacts", P.VIEW, also=("executor", "messaging", "log")),
    # incidents
    ("GET", "/v1/incidents"): Access("executor", P.VIEW),
    ("POST", "/v1/incidents/{id}/retry"): Access("executor", P.PROCESS_START),
    ("POST", "/v1/incidents/{id}/fail"): Access("executor", P.LAUNCH_STOP),
    # from outside: providers and recipients
    ("POST", "/v1/deliveries/{provider}"): Access("messaging", Door.PUBLIC),
    ("GET", "/u"): Access("messaging", Door.PUBLIC),
    ("HEAD", "/u"): Access("messaging", Door.PUBLIC),
    ("GET", "/u/"): Access("messaging", Door.PUBLIC),
    ("HEAD", "/u/"): Access("messaging", Door.PUBLIC),
    ("GET", "/u/{token}"): Access("messaging", Door.PUBLIC),
    ("HEAD", "/u/{token}"): Access("messaging", Door.PUBLIC),
    ("POST", "/u/{token}"): Access("messaging", Door.PUBLIC),
    # operations: the runtime's, in every service
    ("GET", "/v1/partitions"): Access("launcher", P.VIEW, also=_STREAMING, merged=True),
    ("GET", "/v1/parked"): Access("launcher", Door.ADMINISTRATOR, also=_STREAMING, merged=True),
    ("GET", "/v1/parked/{id}"): Access("launcher", Door.ADMINISTRATOR, also=_STREAMING),
    ("POST", "/v1/parked/{id}/replay"): Access("launcher", Door.ADMINISTRATOR, also=_STREAMING),
}
"""By method and path, the names of path parameters as in the route."""

COMMANDS: Final[dict[str, P]] = {
    crm.LaunchRequest.TYPE: P.PROCESS_START,
    crm.LaunchStop.TYPE: P.LAUNCH_STOP,
    crm.LaunchPause.TYPE: P.LAUNCH_STOP,
    crm.LaunchResume.TYPE: P.LAUNCH_STOP,
    crm.LaunchRemoveContact.TYPE: P.LAUNCH_STOP,
}
"""By the type of the command's event."""
