"""Waits, and updates that come back."""

from datetime import timedelta

from contracts.changes import ContactChange
from contracts.sends import SendsRequested
from contracts.updates import AttributesSet
from integration.executor.desk import Desk, admitted, change, changed, delivered
from unit.executor.builders import EVERYTHING, opened

WAITING = """
pause: {wait: {for: 2d}, next: mail}
mail:  {send: {channel: discard, message_type: promotional, text: t}, next: won}
won:   {end: success}
"""
TAG = """
tag:  {update_contact: {set: {offer: spring}}, next: fork}
fork: {branch: [{when: contact.attributes.score > 50, next: mail}, {otherwise: quiet}]}
mail: {send: {channel: discard, message_type: promotional, text: t}, next: won}
won:   {end: success}
quiet: {end: neutral}
"""


async def test_a_timer_is_never_early_and_goes_off_once(desk: Desk) -> None:
    await desk.launch(["c-0"], WAITING)
    desk.emitted.clear()
    desk.now += timedelta(days=2, microseconds=-1000)
    await desk.timers()
    assert desk.emitted == []
    desk.now += timedelta(microseconds=1000)
    await desk.timers()
    await desk.timers()
    assert desk.sent() == [("mail", "c-0", 1)]


async def test_a_wait_of_nothing_is_due_at_once(desk: Desk) -> None:
    await desk.launch(["c-0"], "rest: {wait: {for: 0s}, next: won}\nwon: {end: success}")
    await desk.timers()
    assert desk.outcomes() == {"c-0": "success/end:won"}


async def test_due_instances_come_in_portions_the_oldest_first(desk: Desk) -> None:
    for minute in range(3):
        await desk.launch([f"c-{minute}-{n:03}" for n in range(400)], WAITING)
        desk.later(minutes=1)
    desk.later(days=2)
    assert await desk.timers()
    first = [contact_id for _, contact_id, _ in desk.sent()]
    assert len(first) == 800, "whole cohorts, until they are 500 instances"
    assert all(contact_id.startswith(("c-0", "c-1")) for contact_id in first)
    assert not await desk.timers()
    assert len(desk.sent()) == 400


async def test_timers_of_several_launches_go_off_together(desk: Desk) -> None:
    for launch in range(3):
        await desk.launch(["c-0", "c-1"], WAITING, launch_id=f"l-{launch}")
    desk.later(days=2)
    await desk.timers()
    assert len(desk.take(SendsRequested)) == 3


async def test_a_timer_of_another_partition_is_left_alone(desk: Desk) -> None:
    await desk.launch(["c-0"], WAITING)
    other = Desk(desk.pool, number=6)
    other.now = desk.now + timedelta(days=3)
    assert not await other.timers()
    assert other.emitted == []


async def test_stored_contact_data_goes_out_again_with_the_next_message(desk: Desk) -> None:
    await desk.launch(["c-0", "c-1"], WAITING, columns={"groups": [["vip"], []], "permitted": [True, False]})
    await desk.changes(changed(change("c-1", 4, consent={"promotional": True}, groups=["new"])))
    desk.later(days=2)
    await desk.timers()
    (sends,) = desk.take(SendsRequested)
    by_contact = dict(zip(sends.targets.contact_ids, range(2), strict=True))
    one, two = by_contact["c-0"], by_contact["c-1"]
    assert (sends.targets.emails[one], sends.targets.emails[two]) == ("c-0@mail.example", "c-1@new.example")
    assert sends.targets.groups is not None
    assert (sends.targets.groups[one], sends.targets.groups[two]) == (["vip"], ["new"])
    assert (sends.targets.revisions[one], sends.targets.revisions[two]) == (1, 4)
    assert (sends.targets.permitted[one], sends.targets.permitted[two]) == (True, False)


async def test_an_update_goes_to_contacts_and_back(desk: Desk) -> None:
    await desk.launch(["c-0", "c-1"], TAG)
    update = desk.updates()
    assert update.values == {"offer": "spring"}
    assert await desk.standing() == dict.fromkeys(["c-0", "c-1"], "waiting_update at tag")
    answers = [
        change("c-0", 2, cause=update.update_ids[0], attributes={"score": 51}),
        change("c-1", 1, cause=update.update_ids[1], attributes={"score": 99}),
    ]
    await desk.changes(changed(*answers))
    assert desk.sent() == [("mail", "c-0", 1)], "the second answer is no newer than the target: its score counts"
    assert desk.outcomes() == {"c-1": "other/end:quiet"}
    assert await desk.rows("SELECT * FROM pending_update") == []
    desk.emitted.clear()
    await desk.changes(changed(*answers))
    assert desk.emitted == []


async def test_another_change_of_the_contact_is_no_answer(desk: Desk) -> None:
    await desk.launch(["c-0"], TAG)
    await desk.changes(changed(change("c-0", 2, cause="import")))
    assert await desk.standing() == {"c-0": "waiting_update at tag"}


async def test_the_answer_of_a_contact_that_is_gone_abandons_it(desk: Desk) -> None:
    await desk.launch(["c-0"], TAG)
    gone = ContactChange(
        contact_id="c-0", revision=2, contact=None, suppressed=False, cause=desk.updates().update_ids[0]
    )
    await desk.changes(changed(gone))
    assert desk.outcomes() == {"c-0": "abandon/deleted"}
    assert await desk.rows("SELECT * FROM pending_update") == []


async def test_an_unanswered_update_fails_once_contacts_has_answered_something_later(desk: Desk) -> None:
    await desk.launch(["c-0"], TAG)
    desk.later(seconds=61)
    await desk.changes(changed(change("c-9", 2)))
    await desk.timers()
    assert desk.outcomes() == {"c-0": "failure/error:update"}
    assert await desk.rows("SELECT * FROM pending_update") == []


async def test_while_contacts_is_silent_the_time_does_not_count(desk: Desk) -> None:
    await desk.launch(["c-0"], TAG)
    update = desk.updates()
    desk.later(seconds=30)
    await desk.changes(changed(change("c-9", 2)))
    for _ in range(10):
        desk.later(seconds=60)
        await desk.timers()
    assert await desk.standing() == {"c-0": "waiting_update at tag"}
    await desk.changes(changed(change("c-0", 2, cause=update.update_ids[0], attributes={"score": 51})))
    assert desk.sent() == [("mail", "c-0", 1)]


async def test_an_answer_after_the_time_out_changes_nothing(desk: Desk) -> None:
    await desk.launch(["c-0"], TAG)
    update = desk.updates()
    desk.later(seconds=61)
    await desk.changes(changed(change("c-9", 2)))
    await desk.timers()
    desk.emitted.clear()
    await desk.changes(changed(change("c-0", 2, cause=update.update_ids[0])))
    assert desk.emitted == []


async def test_updates_in_a_loop_have_ids_of_their_own(desk: Desk) -> None:
    await desk.launch(
        ["c-0"],
        """
        tag:  {update_contact: {set: {a: 1}}, next: rest}
        rest: {wait: {for: 1h}, next: fork}
        fork: {branch: [{when: "true", next: tag}, {otherwise: won}]}
        won:  {end: success}
        """,
    )
    first = desk.updates()
    await desk.changes(changed(change("c-0", 2, cause=first.update_ids[0])))
    desk.later(hours=1)
    await desk.timers()
    second = desk.updates()
    assert first.update_ids != second.update_ids
    await desk.changes(changed(change("c-0", 2, cause=first.update_ids[0])))
    assert await desk.standing() == {"c-0": "waiting_update at tag"}, "a repetition of the first answer"


async def test_every_topic_again_changes_nothing_and_sends_nothing(desk: Desk) -> None:
    """I16, over a scenario with everything in it."""
    ids = [f"c-{n:02}" for n in range(40)]
    seen: list[str] = []

    async def play() -> None:
        await desk.targets(
            opened(EVERYTHING, recurrence="if_not_running"), admitted(ids, attributes={"score": list(range(30, 70))})
        )
        await desk.deliveries(delivered(ids))
        await desk.deliveries(delivered(ids, "again"))
        await desk.changes(
            changed(*(change(id, 2, cause=cause, attributes={"score": 99}) for id, cause in causes.items()))
        )

    causes: dict[str, str] = {}
    for _ in range(2):
        await play()
        desk.later(days=2)
        await desk.timers()
        for event in desk.take(AttributesSet):
            causes |= dict(zip(event.contact_ids, event.update_ids, strict=True))
        await play()
    seen = [sent.id for sent in desk.emitted]
    assert len(seen) == len(set(seen))
    outcomes = desk.outcomes()
    assert outcomes.keys() == set(ids)
    desk.emitted.clear()
    for _ in range(3):
        await play()
        desk.later(days=3)
        assert not await desk.timers()
    assert desk.emitted == []
    assert await desk.rows("SELECT open FROM launch_share") == [(0,)]
