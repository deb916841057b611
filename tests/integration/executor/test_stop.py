"""Stop and pause, by where a target is."""

import asyncio

import asyncpg
import pytest

from contracts.launches import All, LaunchRequested, Options
from contracts.outcomes import IncidentsClosed, StepsCounted, StepsPassed
from contracts.words import ControlState
from executor.handlers.control import Controls
from fakes.transaction import FakeTransaction, received
from integration.executor.desk import (
    LONG_AGO,
    PAUSE,
    RESUME,
    STOP,
    Desk,
    admitted,
    change,
    changed,
    controlled,
    delivered,
)
from unit.executor.builders import EVERYTHING, opened, scenario, version

IDS = ["c-0", "c-1", "c-2"]
LOOP = """
mail: {send: {channel: discard, message_type: promotional, text: t}, next: rest}
rest: {wait: {for: 1h}, next: fork}
fork: {branch: [{when: "true", next: mail}, {otherwise: won}]}
won:  {end: success}
"""


def requested(revision: int = 1, state: ControlState = RESUME) -> LaunchRequested:
    return LaunchRequested(
        project="acme",
        launch_id="l-1",
        revision=revision,
        state=state,
        version=version(scenario("won: {end: success}")),
        participants=All(),
        options=Options(),
        context={},
        launched_by="ann",
        requested_at=LONG_AGO,
    )


async def test_targets_still_in_a_chunk_never_start(desk: Desk) -> None:
    await desk.control(controlled(STOP, 2))
    await desk.launch(IDS, recurrence="once")
    assert desk.outcomes() == dict.fromkeys(IDS, "other/not_started:stopped")
    assert desk.emitted == []
    assert await desk.rows("SELECT 1 FROM process_instance UNION ALL SELECT 1 FROM recurrence") == []


async def test_open_instances_are_abandoned_wherever_they_wait(desk: Desk) -> None:
    await desk.launch(["mail", "timer", "update", "gone"], EVERYTHING, columns={"attributes": {"score": [1, 1, 99, 1]}})
    await desk.accept(["update"])
    desk.later(days=2)
    await desk.timers()
    await desk.accept(["timer"])
    await desk.launch(
        ["hook"], "hook: {webhook: {url: 'https://a.example'}, next: won}\nwon: {end: success}", launch_id="l-2"
    )
    assert set((await desk.standing()).values()) == {
        "waiting_delivery at hello",
        "waiting_timer at pause",
        "waiting_update at tag",
    }
    desk.emitted.clear()
    await desk.control(controlled(STOP, 2), controlled(STOP, 2, "l-2"))
    await desk.orders()
    assert len(desk.take(IncidentsClosed)) == 1
    assert desk.outcomes() == dict.fromkeys(["mail", "timer", "update", "gone", "hook"], "abandon/stopped")
    assert await desk.rows("SELECT update_id FROM pending_update UNION ALL SELECT step FROM incident") == []
    assert await desk.rows("SELECT kind FROM work_order WHERE partition = 5") == []
    assert await desk.rows("SELECT count(*) FROM instance WHERE due_at IS NOT NULL") == [(0,)]
    assert await desk.rows("SELECT sum(open) FROM launch_share") == [(0,)]


async def test_a_stop_leaves_what_has_ended(desk: Desk) -> None:
    await desk.launch(IDS)
    await desk.accept(["c-0"])
    await desk.control(controlled(STOP, 2))
    await desk.orders()
    assert desk.outcomes() == {"c-0": "success/end:won", "c-1": "abandon/stopped", "c-2": "abandon/stopped"}


async def test_a_delivery_behind_the_gate_starts_no_further_step(desk: Desk) -> None:
    await desk.launch(IDS, EVERYTHING)
    desk.emitted.clear()
    await desk.control(controlled(STOP, 2))
    await desk.accept(["c-0"])
    assert desk.outcomes() == {"c-0": "abandon/stopped"}
    await desk.orders()
    assert desk.outcomes() == {"c-1": "abandon/stopped", "c-2": "abandon/stopped"}
    assert len(desk.take(StepsCounted)) == 1
    await desk.accept(IDS)
    assert desk.emitted == [], "late deliveries"


async def test_a_timer_behind_the_gate_starts_no_step(desk: Desk) -> None:
    await desk.launch(IDS, EVERYTHING)
    await desk.accept(IDS)
    desk.emitted.clear()
    await desk.control(controlled(STOP, 2))
    desk.later(days=3)
    await desk.timers()
    assert desk.outcomes() == dict.fromkeys(IDS, "abandon/stopped")
    assert len(desk.take(StepsCounted)) == 1
    assert desk.emitted == []


async def test_an_answer_behind_the_gate_starts_no_step(desk: Desk) -> None:
    await desk.launch(["c-0"], "tag: {update_contact: {set: {a: 1}}, next: mail}\n" + LOOP)
    update = desk.updates()
    desk.emitted.clear()
    await desk.control(controlled(STOP, 2))
    await desk.changes(changed(change("c-0", 2, cause=update.update_ids[0])))
    assert desk.outcomes() == {"c-0": "abandon/stopped"}
    assert [told.entered for told in desk.take(StepsCounted)] == [{"tag": 1}]
    assert desk.emitted == []


async def test_a_large_launch_is_stopped_in_portions(desk: Desk) -> None:
    chunks = [admitted([f"c-{chunk}-{n:03}" for n in range(500)]) for chunk in range(3)]
    await desk.targets(opened(), *chunks)
    other = Desk(desk.pool, number=6)
    await other.targets(admitted(["elsewhere"]))
    await desk.control(controlled(STOP, 2))
    lease = desk.lease()
    assert await desk.between.orders(lease)
    assert len(lease.emitted) == 1
    await desk.orders()
    assert len(desk.outcomes()) == 1000
    assert (await desk.standing())["elsewhere"] == "waiting_delivery at hello"
    await other.orders()
    assert other.outcomes() == {"elsewhere": "abandon/stopped"}


@pytest.mark.parametrize("repeated", [1, 3])
async def test_every_partition_gets_its_order_once(desk: Desk, repeated: int) -> None:
    for _ in range(repeated):
        await desk.control(controlled(STOP, 2))
    assert await desk.rows("SELECT partition, kind, revision FROM work_order ORDER BY 1") == [
        (number, "stop", 2) for number in range(8)
    ]
    await desk.orders()
    await desk.control(controlled(STOP, 2))
    assert await desk.rows("SELECT 1 FROM work_order WHERE partition = 5") == [], "carried out, and not ordered again"


async def test_the_highest_revision_wins_whenever_it_comes(desk: Desk) -> None:
    await desk.control(controlled(STOP, 3))
    await desk.control(requested(1), controlled(PAUSE, 2))
    assert await desk.rows("SELECT state, revision FROM gate") == [("stopped", 3)]
    await desk.launch(IDS)
    assert desk.started() == []


async def test_within_a_batch_the_highest_revision_wins_too(desk: Desk) -> None:
    await desk.control(controlled(STOP, 3), controlled(PAUSE, 2), requested(1))
    assert await desk.rows("SELECT state, revision FROM gate") == [("stopped", 3)]


async def test_a_launch_that_is_requested_orders_nothing(desk: Desk) -> None:
    await desk.control(requested(1))
    assert await desk.rows("SELECT state FROM gate") == [("running",)]
    assert await desk.rows("SELECT * FROM work_order") == []


async def test_without_a_gate_a_launch_is_open(desk: Desk) -> None:
    await desk.launch(IDS)
    assert desk.started() == IDS


async def test_while_paused_targets_wait_at_their_first_step(desk: Desk) -> None:
    await desk.control(controlled(PAUSE, 2))
    await desk.launch(IDS)
    assert desk.started() == IDS
    assert desk.sent() == []
    assert await desk.standing() == dict.fromkeys(IDS, "waiting_paused at hello")


async def test_what_became_due_while_paused_goes_on_once_after_the_resume(desk: Desk) -> None:
    await desk.launch(IDS, EVERYTHING, columns={"attributes": {"score": [99, 99, 99]}})
    await desk.accept(["c-0", "c-1"])
    desk.emitted.clear()
    await desk.control(controlled(PAUSE, 2))
    desk.later(days=2)
    assert not await desk.timers()
    await desk.accept(["c-2"])
    assert await desk.standing() == {
        "c-0": "waiting_paused at vip",
        "c-1": "waiting_paused at vip",
        "c-2": "waiting_paused at pause",
    }
    assert [event.contact_ids for event in desk.take(StepsPassed)] == [["c-0", "c-1"]], "their wait is over"
    assert len(desk.take(StepsCounted)) == 1
    assert desk.emitted == []
    await desk.control(controlled(RESUME, 3))
    await desk.orders()
    await desk.timers()
    await desk.timers()
    assert desk.updates().contact_ids == ["c-0", "c-1"]
    assert (await desk.standing())["c-2"] == "waiting_timer at pause"
    assert sorted(event.contact_ids for event in desk.take(StepsPassed)) == [["c-0", "c-1"], ["c-2"]]
    assert desk.emitted == []


async def test_ten_pauses_and_resumes_send_nothing_twice(desk: Desk) -> None:
    await desk.control(controlled(PAUSE, 1))
    await desk.launch(IDS)
    for round in range(10):
        await desk.control(controlled(RESUME, 2 * round + 2))
        if round % 3 == 0:
            await desk.orders()
        await desk.control(controlled(PAUSE, 2 * round + 3))
        await desk.timers()
    await desk.control(controlled(RESUME, 50))
    await desk.orders()
    await desk.timers()
    assert desk.sent() == [("hello", contact_id, 1) for contact_id in IDS]


async def test_a_resume_said_again_keeps_what_is_left_to_do_of_it(desk: Desk) -> None:
    await desk.control(controlled(PAUSE, 1))
    await desk.launch(IDS)
    await desk.control(controlled(RESUME, 2))
    await desk.control(controlled(RESUME, 3))
    await desk.orders()
    await desk.timers()
    assert desk.sent() == [("hello", contact_id, 1) for contact_id in IDS]


async def test_a_resume_works_in_portions(desk: Desk) -> None:
    await desk.control(controlled(PAUSE, 1))
    await desk.targets(opened(), *[admitted([f"c-{chunk}-{n:03}" for n in range(500)]) for chunk in range(3)])
    await desk.control(controlled(RESUME, 2))
    await desk.orders()
    while await desk.timers():
        pass
    assert len(set(desk.sent())) == 1500


async def test_a_stop_waits_for_steps_that_are_starting_and_holds_off_later_ones(desk: Desk) -> None:
    """I13: after the gate's commit no transaction that starts steps of the launch commits."""
    await desk.targets(opened())
    async with desk.pool.acquire() as starting, starting.transaction():
        tx = FakeTransaction(number=5, connection=starting)
        await desk.stores.launches.at_hand(tx, ["l-1"])
        stop = asyncio.create_task(desk.control(controlled(STOP, 2)))
        await waits_for_a_lock(desk.pool)
        assert not stop.done()
        later = asyncio.create_task(desk.targets(admitted(IDS)))
    await asyncio.gather(stop, later)
    assert desk.outcomes() == dict.fromkeys(IDS, "other/not_started:stopped")


async def test_other_launches_do_not_wait_for_a_stop(desk: Desk) -> None:
    async with desk.pool.acquire() as stopping, stopping.transaction():
        await Controls(desk.stores).on_launches(
            FakeTransaction(number=2, connection=stopping), [received(controlled(STOP, 2, "l-other"))]
        )
        await asyncio.wait_for(desk.launch(IDS), 5)


async def waits_for_a_lock(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    async with asyncio.timeout(10):
        while not await pool.fetchval(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
        ):
            await asyncio.sleep(0.01)


async def test_a_late_delivery_of_a_repeated_step_starts_nothing(desk: Desk) -> None:
    await desk.launch(["c-0"], LOOP)
    await desk.accept(["c-0"], "mail")
    desk.later(hours=1)
    await desk.timers()
    assert desk.sent() == [("mail", "c-0", 1), ("mail", "c-0", 2)]
    await desk.deliveries(delivered(["c-0"], "mail"))
    assert await desk.standing() == {"c-0": "waiting_delivery at mail"}
    await desk.deliveries(delivered(["c-0"], "mail", occurrence=2))
    assert await desk.standing() == {"c-0": "waiting_timer at rest"}
