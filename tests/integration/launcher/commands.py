"""What is answered to commands, and launches in the states that tests begin with."""

from typing import Any

from contracts.crm import (
    CommandRejected,
    LaunchRejected,
    LaunchStop,
    Reply,
)
from contracts.launches import LaunchDrafted
from integration.launcher.desk import Desk, Key, asked


def rejection(replies: list[Reply]) -> tuple[str, str]:
    """Code and detail of the one refusal."""
    [reply] = replies
    assert isinstance(reply, CommandRejected), reply
    return reply.code, reply.detail


def point(replies: list[Reply]) -> tuple[str, str]:
    """Code and place of the one point that refuses a launch."""
    [reply] = replies
    assert isinstance(reply, LaunchRejected), reply
    [found] = reply.points
    assert len(found.remedy) > 20
    return found.code, found.place


async def drafted(desk: Desk, key: Key, **more: Any) -> str:
    """Id of a launch that contacts is checking."""
    assert await desk.commands(desk.command(key, asked(), **more)) == []
    [draft] = desk.take(LaunchDrafted)
    return draft.launch_id


async def running(desk: Desk, key: Key, **more: Any) -> str:
    """Id of a launch that may run."""
    launch_id = await drafted(desk, key, **more)
    await desk.checked(launch_id)
    desk.emitted.clear()
    return launch_id


def stop(desk: Desk, key: Key, launch_id: str, id: str = "stop-1", **more: Any) -> Any:
    return desk.command(key, {"project": "demo", "launch_id": launch_id}, kind=LaunchStop.TYPE, id=id, **more)
