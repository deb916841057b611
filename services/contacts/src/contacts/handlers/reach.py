"""Whom a launch may send to: the reach of the scenario's creator and, where it is asked for, of who launches."""

from collections.abc import Collection

from contacts.domain.checks import ADMINISTRATOR
from contacts.ports import Directory
from runtime.cel import Condition, ConditionError

CONTACT = ("contact",)


async def reach(directory: Directory, project: str, names: Collection[str]) -> tuple[Condition, ...] | None:
    """All of these conditions have to hold of a contact; none: everybody is in reach. None: nobody is."""
    found = []
    for name in names:
        if name == ADMINISTRATOR:
            continue
        member = await directory.member(project, name)
        if member is None:
            return None
        if member.restriction is None:
            continue
        try:
            found.append(Condition.compile(member.restriction, CONTACT))
        except ConditionError:
            return None
    return tuple(found)
