"""What messaging reads of `contacts.targets`: how many targets a launch has, and no more of them."""

from typing import ClassVar

from contracts.event import Value
from contracts.targets import TargetsAdmitted


class Targets(Value):
    contact_ids: list[str]


class Admitted(Value):
    """A TargetsAdmitted without the data of its contacts: the rest is not decoded."""

    TYPE: ClassVar[str] = TargetsAdmitted.TYPE
    project: str
    launch_id: str
    targets: Targets


class Unread(Value):
    """A type that says nothing to messaging."""
