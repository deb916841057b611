"""Tests and rehearsals on a real database: at once, and as if they had never been."""

import pytest

from contracts.updates import AttributesSet
from contracts.words import LaunchMode
from integration.executor.desk import STOP, Desk, controlled

STEPS = """
pause:  {wait: {for: 30d}, next: tag}
tag:    {update_contact: {set: {score: 90}}, next: later}
later:  {wait: {for: 1d}, next: vip}
vip:    {branch: [{when: contact.attributes.score > 50, next: hello}, {otherwise: quiet}]}
hello:  {send: {channel: email, message_type: promotional, subject: s, text: t}, next: won}
won:    {end: success}
quiet:  {end: neutral}
"""
REHEARSAL, TEST = LaunchMode.REHEARSAL, LaunchMode.TEST
ALL = ["c-0", "c-1", "c-2"]


@pytest.mark.parametrize("mode", [REHEARSAL, TEST])
async def test_a_trial_goes_through_its_waits_and_changes_nothing(desk: Desk, mode: LaunchMode) -> None:
    await desk.launch(ALL, STEPS, mode=mode, columns={"attributes": {"score": [1, 2, 3]}})
    while await desk.timers() or not (sent := desk.sent()):
        pass
    assert sorted(sent) == [("hello", contact_id, 1) for contact_id in ALL]
    await desk.accept(ALL)
    assert desk.outcomes() == dict.fromkeys(ALL, "success/end:won")
    assert desk.take(AttributesSet) == []
    assert await desk.rows("SELECT * FROM recurrence") == []


async def test_a_live_launch_on_the_same_waits(desk: Desk) -> None:
    await desk.launch(ALL, STEPS, columns={"attributes": {"score": [1, 2, 3]}})
    await desk.timers()
    assert set((await desk.standing()).values()) == {"waiting_timer at pause"}


@pytest.mark.parametrize("recurrence", ["once", "if_not_running"])
async def test_places_are_looked_up_and_nobodys_is_taken(desk: Desk, recurrence: str) -> None:
    await desk.launch(["c-0", "c-1"], launch_id="l-live", recurrence=recurrence)
    await desk.accept(["c-1"], launch_id="l-live")
    desk.emitted.clear()
    before = await desk.rows("SELECT * FROM recurrence ORDER BY 3")
    await desk.launch(ALL, launch_id="l-trial", recurrence=recurrence, mode=REHEARSAL)
    refused = {"once": {"c-0": "once", "c-1": "once"}, "if_not_running": {"c-0": "running"}}[recurrence]
    assert desk.outcomes() == {id: f"other/not_started:recurrence_{why}" for id, why in refused.items()}
    await desk.accept([id for id in ALL if id not in refused], launch_id="l-trial")
    assert await desk.rows("SELECT * FROM recurrence ORDER BY 3") == before
    desk.emitted.clear()
    await desk.launch(ALL, launch_id="l-later", recurrence=recurrence)
    assert desk.started() == [id for id in ALL if id not in refused], "a later launch is as if there had been no trial"


async def test_a_test_starts_whoever_has_had_it(desk: Desk) -> None:
    await desk.launch(["c-0"], launch_id="l-live", recurrence="once")
    desk.emitted.clear()
    await desk.launch(["c-0"], launch_id="l-trial", recurrence="once", mode=TEST)
    assert desk.started() == ["c-0"]


async def test_a_trial_is_stopped_like_any_launch(desk: Desk) -> None:
    await desk.launch(ALL, STEPS, mode=REHEARSAL)
    await desk.control(controlled(STOP, 2))
    await desk.orders()
    assert desk.outcomes() == dict.fromkeys(ALL, "abandon/stopped")
