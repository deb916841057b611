"""`/v1/groups`: groups, also empty ones, and who is in them."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from contacts.api.doors import After, Doors, Given, Limit, Listed, Viewer, Writer, following
from contacts.domain.contact import Refused, Regroup
from contacts.handlers.writing import Wanted
from contracts.words import Name
from runtime.did_you_mean import did_you_mean
from runtime.ids import derive
from runtime.problems import Problem

PORTION = 1000
"""Members taken out of a group in one transaction."""
PORTIONS = 10
GroupName = Annotated[str, Path(max_length=63)]


class ShownGroup(BaseModel):
    group: str
    contacts: int


class NewGroup(Given):
    group: Name


class GroupDeletion(BaseModel):
    removed: int
    """Members taken out by this call."""
    more: bool
    """Some may still be in it: call again."""


class Member(BaseModel):
    contact_id: str


class MembershipChange(Given):
    add: list[str] = Field(default_factory=list, max_length=1000)
    remove: list[str] = Field(default_factory=list, max_length=1000)


class MembershipAnswer(BaseModel):
    changed: int
    unknown: list[str]
    """Ids of contacts that do not exist: nothing was done for them."""


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(tags=["groups"])

    @router.get("/groups")
    async def list_groups(caller: Viewer, after: After, limit: Limit = 100) -> Listed[ShownGroup]:
        found = await doors.reading.groups(caller.project, after, limit)
        items = [ShownGroup(group=group, contacts=contacts) for group, contacts in found]
        return Listed(items=items, next=following([group for group, _ in found], limit))

    @router.post("/groups", status_code=201, responses={200: {"model": NewGroup, "description": "It was there."}})
    async def make_group(new: NewGroup, caller: Writer, response: Response) -> NewGroup:
        """201: made; 200: it was there."""
        async with doors.transaction() as tx:
            if not await doors.groups(tx.connection).make_groups({(caller.project, new.group)}):
                response.status_code = 200
            else:
                await doors.note(tx, caller, "group.made", f"group/{new.group}")
        return new

    @router.delete("/groups/{group}")
    async def delete_group(group: GroupName, caller: Writer) -> GroupDeletion:
        """Gone at once: nothing is launched on it any more, and a launch that is just targeting its members fails.
        Its members are then taken out of it, some thousand a call: `more` says to call again."""
        async with doors.transaction() as tx:
            there = await doors.groups(tx.connection).drop_group(caller.project, group)
            if there:
                await doors.note(tx, caller, "group.deleted", f"group/{group}")
        removed = 0
        for _ in range(PORTIONS):
            members = await doors.reading.members(caller.project, group, "", PORTION)
            if members:
                async with doors.transaction() as tx:
                    cause = derive("group deleted", caller.project, group, tx.now.isoformat())
                    out = Regroup(frozenset(), frozenset({group}))
                    await doors.writer.write(tx, [Wanted(caller.project, one, out, cause) for one in members])
                removed += len(members)
            if len(members) < PORTION:
                break
        if not there and not removed:
            raise await _unknown(doors, caller.project, group)
        return GroupDeletion(removed=removed, more=len(members) == PORTION)

    @router.get("/groups/{group}/contacts")
    async def list_members(group: GroupName, caller: Viewer, after: After, limit: Limit = 1000) -> Listed[Member]:
        await _known(doors, caller.project, group)
        found = await doors.reading.members(caller.project, group, after, limit)
        return Listed(items=[Member(contact_id=one) for one in found], next=following(found, limit))

    @router.post("/groups/{group}/contacts")
    async def change_members(group: GroupName, change: MembershipChange, caller: Writer) -> MembershipAnswer:
        """An id in both lists is removed."""
        await _known(doors, caller.project, group)
        just, nobody = frozenset({group}), frozenset[str]()
        changes = {contact_id: Regroup(just, nobody) for contact_id in change.add}
        changes |= {contact_id: Regroup(nobody, just) for contact_id in change.remove}
        async with doors.transaction() as tx:
            cause = derive("regrouped", caller.project, group, tx.now.isoformat())
            wanted = [Wanted(caller.project, contact_id, one, cause) for contact_id, one in changes.items()]
            results = await doors.writer.write(tx, wanted)
            if changed := results.count(True):
                asked = {"added": len(change.add), "removed": len(change.remove), "changed": changed}
                await doors.note(tx, caller, "group.changed", f"group/{group}", **asked)
        unknown = [
            contact_id for contact_id, result in zip(changes, results, strict=True) if isinstance(result, Refused)
        ]
        return MembershipAnswer(changed=results.count(True), unknown=unknown)

    return router


async def _known(doors: Doors, project: str, group: str) -> None:
    if not await doors.reading.has_group(project, group):
        raise await _unknown(doors, project, group)


async def _unknown(doors: Doors, project: str, group: str) -> Problem:
    close = did_you_mean(group, await doors.reading.group_names(project))
    return Problem(
        404,
        "unknown_group",
        f"there is no group {group}{close}",
        "`GET /v1/groups` lists them, `POST /v1/groups` makes one",
    )
