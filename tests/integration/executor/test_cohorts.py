"""Instances that stand alike share a row: what leaves it, what goes with it, what is left."""

from dataclasses import replace

import pytest

from contracts.words import DeliveryState
from executor.domain.advance import OPEN
from executor.domain.cohort import Removed
from executor.handlers.targets import Targets
from executor.handlers.turn import Turn
from fakes.transaction import received
from integration.executor.desk import STOP, Desk, admitted, controlled, delivered
from runtime.rows import Missed
from unit.executor.builders import EVERYTHING, opened

IDS = [f"c-{n}" for n in range(6)]

WAIT = """
hello: {send: {channel: discard, message_type: promotional, text: hi}, next: pause}
pause: {wait: {for: 1h}, next: won}
won:   {end: success}
"""

COHORTS = "SELECT size, status FROM cohort ORDER BY number"


async def test_a_chunk_that_ends_alike_is_one_row_and_no_instance_is_written_again(desk: Desk) -> None:
    await desk.launch(IDS)
    before = await desk.rows("SELECT contact_id, ctid FROM process_instance ORDER BY 1")
    await desk.accept(IDS)
    assert desk.outcomes() == dict.fromkeys(IDS, "success/end:won")
    assert await desk.rows(COHORTS) == [(6, "ended")]
    assert await desk.rows("SELECT contact_id, ctid FROM process_instance ORDER BY 1") == before


async def test_who_goes_another_way_leaves_and_the_last_takes_the_row(desk: Desk) -> None:
    await desk.launch(IDS)
    await desk.accept(IDS[:2])
    assert await desk.rows(COHORTS) == [(4, "waiting_delivery"), (2, "ended")]
    await desk.deliveries(
        delivered(IDS[2:3], state=DeliveryState.FAILED), delivered(IDS[3:], state=DeliveryState.ACCEPTED)
    )
    assert await desk.rows(COHORTS) == [(3, "ended"), (2, "ended"), (1, "ended")]
    assert desk.outcomes() == {**dict.fromkeys(IDS, "success/end:won"), "c-2": "failure/error:send"}


async def test_one_record_splits_a_cohort_in_all_its_parts(desk: Desk) -> None:
    await desk.launch(IDS)
    states = [DeliveryState.ACCEPTED, DeliveryState.FAILED] * 3
    chunk = delivered(IDS).model_copy(update={"states": states, "reasons": [None, "render"] * 3})
    await desk.deliveries(chunk)
    assert sorted(await desk.rows(COHORTS)) == [(3, "ended"), (3, "ended")]
    assert desk.outcomes() == {id: "failure/error:render" if n % 2 else "success/end:won" for n, id in enumerate(IDS)}


async def test_one_record_is_about_several_cohorts_in_several_ways(desk: Desk) -> None:
    await desk.targets(opened(), admitted(IDS[:3]))
    desk.later(seconds=1)
    await desk.targets(admitted(IDS[3:]))
    states = [DeliveryState.ACCEPTED] * 3 + [DeliveryState.FAILED] * 3
    await desk.deliveries(delivered(IDS).model_copy(update={"states": states}))
    assert await desk.rows("SELECT size, outcome FROM cohort ORDER BY number") == [(3, "success"), (3, "failure")]
    assert len(desk.outcomes()) == 6


async def test_a_record_that_names_a_contact_twice_moves_it_once(desk: Desk) -> None:
    await desk.launch(IDS[:2])
    states = [DeliveryState.FAILED, DeliveryState.ACCEPTED, DeliveryState.ACCEPTED]
    await desk.deliveries(delivered(["c-1", "c-0", "c-1"]).model_copy(update={"states": states}))
    assert desk.outcomes() == {"c-0": "success/end:won", "c-1": "failure/error:send"}


async def test_parts_of_chunks_that_started_at_once_and_end_alike_are_one_row(desk: Desk) -> None:
    await desk.targets(opened(), admitted(IDS[:3]), admitted(IDS[3:]))
    await desk.accept([IDS[0], IDS[3]])
    assert await desk.rows(COHORTS) == [(2, "waiting_delivery"), (2, "waiting_delivery"), (2, "ended")]
    desk.later(seconds=1)
    await desk.accept([IDS[1], IDS[2], IDS[4]])
    assert await desk.rows(COHORTS) == [(2, "ended"), (1, "waiting_delivery"), (2, "ended"), (1, "ended")]


async def test_a_wait_is_one_row_even_after_some_have_left_it(desk: Desk) -> None:
    await desk.launch(IDS, WAIT)
    await desk.accept(IDS)
    assert await desk.rows(COHORTS) == [(6, "waiting_timer")]
    desk.emitted.clear()
    desk.later(minutes=30)
    await desk.launch(["d-0"], WAIT, launch_id="l-2")
    await desk.accept(["d-0"], launch_id="l-2")
    desk.later(minutes=31)
    assert await desk.timers() is False
    assert set(desk.outcomes()) == set(IDS)
    assert await desk.standing("l-2") == {"d-0": "waiting_timer at pause"}


async def test_a_timer_leaves_out_who_is_no_longer_of_the_cohort(desk: Desk) -> None:
    await desk.launch(IDS, EVERYTHING)
    await desk.accept(IDS[:4])
    assert await desk.rows(COHORTS) == [(2, "waiting_delivery"), (4, "waiting_timer")]
    desk.emitted.clear()
    await desk.control(controlled(STOP, 2))
    await desk.orders()
    assert desk.outcomes() == dict.fromkeys(IDS, "abandon/stopped")
    desk.emitted.clear()
    desk.later(days=3)
    assert await desk.timers() is False
    assert desk.emitted == []


async def test_a_launch_whose_beginning_was_rolled_back_goes_on_under_the_number_that_it_has(desk: Desk) -> None:
    """Another process may have begun it anew meanwhile; what this one remembers of it is not what is stored."""
    events = [received(event) for event in (opened(WAIT), admitted(IDS))]
    with pytest.raises(ConnectionResetError):
        async with desk.transaction() as tx:
            await Targets(desk.stores).on_targets(tx, events)
            raise ConnectionResetError
    await desk.launch(IDS, WAIT)
    await desk.accept(IDS)
    assert set((await desk.standing()).values()) == {"waiting_timer at pause"}
    desk.later(hours=1)
    await desk.timers()
    assert desk.outcomes() == dict.fromkeys(IDS, "success/end:won")


@pytest.mark.parametrize(
    ("moving", "missed"),
    [(6, "cohorts of launch l-1, partition 5: 1 rows expected, 0 moved"),
     (2, "instances of launch l-1, partition 5: 2 rows expected, 0 moved")],
)  # fmt: skip
async def test_a_move_that_meets_no_row_is_loud_and_nothing_is_done(desk: Desk, moving: int, missed: str) -> None:
    await desk.launch(IDS, WAIT)
    await desk.accept(IDS)
    desk.emitted.clear()
    with pytest.raises(Missed, match=missed):
        async with desk.transaction() as tx:
            turn = await Turn.begin(desk.stores, tx, ["l-1"])
            at = turn.launches["l-1"]
            standing = await desk.stores.instances.standing(tx, at.launch, IDS[:moving], OPEN)
            elsewhere = replace(at, launch=replace(at.launch, number=at.launch.number + 1))
            await turn.move_all(elsewhere, standing, Removed())
            await turn.finish()
    assert desk.emitted == []
    assert set((await desk.standing()).values()) == {"waiting_timer at pause"}


async def test_a_cohort_that_is_gone_is_missed_by_who_leaves_it(desk: Desk) -> None:
    await desk.launch(IDS, WAIT)
    with pytest.raises(Missed, match="cohorts that instances of launch l-1 left, partition 5: 1 rows expected, 0"):
        async with desk.transaction() as tx:
            turn = await Turn.begin(desk.stores, tx, ["l-1"])
            at = turn.launches["l-1"]
            standing = await desk.stores.instances.standing(tx, at.launch, IDS[:2], OPEN)
            await tx.connection.execute("DELETE FROM cohort")
            await turn.move_all(at, standing, Removed())


async def test_what_an_instance_leaves_behind_has_to_be_there(desk: Desk) -> None:
    async with desk.transaction() as tx:
        await Targets(desk.stores).on_targets(tx, [received(opened(WAIT))])
        launch = (await desk.stores.launches.at_hand(tx, ["l-1"]))["l-1"].launch
        with pytest.raises(Missed, match="updates of launch l-1, partition 5: 2 rows expected, 0 moved"):
            await desk.stores.updates.forget(tx, launch, ["u-1", "u-2"])
        with pytest.raises(Missed, match="incidents of launch l-1, partition 5: 1 rows expected, 0 moved"):
            await desk.stores.incidents.close(tx, launch, ["c-0"])
        with pytest.raises(Missed, match=r"orders for contacts \(o-1\), partition 5: 1 rows expected, 0 moved"):
            await desk.stores.orders.carried_out(tx, {"o-1": "removed"})
        await desk.stores.incidents.open(tx, launch, ["c-0"], "pause", "why", True)
        with pytest.raises(Missed, match="new incidents of launch l-1, partition 5: 2 rows expected, 1 moved"):
            await desk.stores.incidents.open(tx, launch, ["c-0", "c-1"], "pause", "why", True)
