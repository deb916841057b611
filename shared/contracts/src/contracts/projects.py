"""`launcher.projects` (compacted): who and what exists. One key per thing; the highest revision wins."""

from typing import ClassVar

from contracts.event import Event
from contracts.words import Permission


class ProjectSet(Event):
    """Key `project/<project>`."""

    TYPE: ClassVar[str] = "com.slipway.project-set.v1"
    project: str
    revision: int
    zone: str
    second_approver_above: int | None = None
    """A launch with more targets is approved by somebody else than who asked for it or confirmed it. None: none is."""


class KeySet(Event):
    """Key `key/<key id>`. Made, its grants changed, or revoked."""

    TYPE: ClassVar[str] = "com.slipway.key-set.v1"
    project: str
    key_id: str
    revision: int
    grants: list[Permission]
    revoked: bool
    sealed_secret: str
    """The signing secret under AES-GCM (runtime.sealing); only launcher and contacts hold the key to it."""


class UserSet(Event):
    """Key `user/<project>/<user>`."""

    TYPE: ClassVar[str] = "com.slipway.user-set.v1"
    project: str
    user: str
    revision: int
    disabled: bool
    grants: list[Permission]
    restriction: str | None
    """Mailing restriction: CEL over `contact`; only contacts for which it holds may be sent to. None: everybody."""


class ScenarioSet(Event):
    """Key `scenario/<project>/<scenario>`."""

    TYPE: ClassVar[str] = "com.slipway.scenario-set.v1"
    project: str
    scenario: str
    revision: int
    state: str
    """`inactive`, `active` or `archived`."""
    version: int | None
    """The active version."""
