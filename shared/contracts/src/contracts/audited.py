"""What the audit tells of: kinds of things, and what is done to them."""

from typing import Final

THINGS: Final = (
    *("project", "key", "user", "scenario", "launch", "contact", "contacts", "group", "segment", "addresses"),
    *("incident", "parked"),
)
"""Before the `/` of a thing; `contacts` and `addresses` are many at once, and stand alone."""

ACTIONS: Final = (
    *("project.set", "key.made", "key.revoked"),
    *("user.made", "user.disabled", "user.enabled", "user.granted", "user.restricted"),
    *("scenario.pushed", "scenario.activated", "scenario.deactivated", "scenario.archived", "scenario.transferred"),
    *("launch.asked", "launch.collected", "launch.retried", "launch.validated", "launch.confirmed", "launch.approved"),
    *("launch.declined", "launch.cancelled", "launch.expired", "launch.paused", "launch.held", "launch.resumed"),
    *("launch.stopped", "launch.contact_ordered"),
    *("launch.contact_removed", "launch.contact_moved_on", "launch.contact_unchanged"),
    *("consent.overridden", "consent.override_reached", "consent.withdrawn"),
    *("contacts.imported", "contact.deleted", "group.made", "group.changed", "group.deleted"),
    *("suppression.added", "suppression.lifted", "segment.kept", "segment.deleted"),
    *("incident.retried", "incident.failed", "parked.replayed"),
)
"""`launch.contact_ordered` says that a removal or a move was asked for; the three after it, what became of it."""
