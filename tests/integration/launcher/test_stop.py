"""`launch.stop`: a control record with a higher revision, and again harmless."""

from contracts.crm import (
    CommandAccepted,
    CommandRejected,
    LaunchDeclined,
    LaunchStop,
)
from contracts.launches import LaunchControlled, LaunchDrafted
from contracts.words import ControlState, LaunchState
from integration.launcher.commands import drafted, rejection, running, stop
from integration.launcher.desk import Desk, Key, asked
from runtime.partitions import partition_of


async def test_a_stop_is_a_control_record_with_a_higher_revision(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    [reply] = await desk.commands(stop(desk, key, launch_id))
    assert isinstance(reply, CommandAccepted)
    assert (reply.launch_id, reply.state) == (launch_id, LaunchState.STOPPING)
    [control] = desk.take(LaunchControlled)
    assert (control.revision, control.state, control.by) == (2, ControlState.STOPPED, key.id)


async def test_a_stop_again_is_accepted_with_the_present_state(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    await desk.commands(stop(desk, key, launch_id))
    [again] = await desk.commands(stop(desk, key, launch_id, id="stop-2"))
    assert isinstance(again, CommandAccepted)
    assert again.state is LaunchState.STOPPING
    assert len(desk.take(LaunchControlled)) == 1
    await desk.counted(launch_id, 9, LaunchState.STOPPED)
    [third] = await desk.commands(stop(desk, key, launch_id, id="stop-3"))
    assert isinstance(third, CommandAccepted)
    assert third.state is LaunchState.STOPPED


async def test_a_completed_launch_cannot_be_stopped(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    await desk.counted(launch_id, 1, LaunchState.COMPLETED)
    code, detail = rejection(await desk.commands(stop(desk, key, launch_id)))
    assert code == "wrong_state"
    assert "completed" in detail


async def test_a_launch_that_there_is_not_is_unknown(desk: Desk, key: Key) -> None:
    code, detail = rejection(await desk.commands(stop(desk, key, "nope")))
    assert code == "unknown_launch"
    assert "nope" in detail


async def test_a_launch_of_another_project_is_unknown(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    await desk.project("other")
    others = await desk.key(project="other")
    data = {"project": "other", "launch_id": launch_id}
    stranger = desk.command(others, data, kind=LaunchStop.TYPE)
    assert rejection(await desk.commands(stranger))[0] == "unknown_launch"


async def test_a_key_without_the_permission_to_stop_is_forbidden(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    weak = await desk.key("process:start")
    assert rejection(await desk.commands(stop(desk, weak, launch_id)))[0] == "forbidden"


async def test_a_launch_stopped_while_it_is_checked_never_runs(desk: Desk, key: Key) -> None:
    launch_id = await drafted(desk, key)
    declined, accepted = await desk.commands(stop(desk, key, launch_id))
    assert isinstance(declined, LaunchDeclined)
    assert (declined.reason, declined.by, declined.command_id) == ("cancelled", key.id, "cmd-1")
    assert isinstance(accepted, CommandAccepted)
    assert accepted.state is LaunchState.REJECTED
    await desk.checked(launch_id)
    assert desk.emitted == []
    [again] = await desk.commands(desk.command(key, asked()))
    assert isinstance(again, LaunchDeclined)


async def test_one_batch_launches_and_stops(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    records = [
        desk.command(key, asked(), id="second"),
        stop(desk, key, launch_id),
        desk.command(None, asked(), id="third"),
    ]
    replies = await desk.commands(*records)
    assert [reply.TYPE for reply in replies] == [CommandAccepted.TYPE, CommandRejected.TYPE]
    assert len(desk.take(LaunchDrafted)) == 1


async def test_every_reply_is_keyed_by_the_command_and_has_an_id_of_its_record(desk: Desk, key: Key) -> None:
    first, second = desk.command(None, asked()), desk.command(None, asked())
    sent = await desk.answers(first, second)
    assert {each.key for each in sent} == {"cmd-1"}
    assert len({each.id for each in sent}) == 2
    assert all(each.partition == partition_of("cmd-1", desk.partitions) for each in sent)
