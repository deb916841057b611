"""The ways of instances as they are told on the topic, on a real database."""

from contracts.outcomes import ContactsErased, StepsPassed, TargetsEnded, Way
from contracts.words import LaunchMode
from integration.executor.desk import (
    PAUSE,
    RESUME,
    STOP,
    Desk,
    admitted,
    change,
    changed,
    controlled,
    deletion,
    ordered,
)
from integration.executor.test_orders import HERE

COURSE = """
hello: {send: {channel: discard, message_type: promotional, text: hi}, next: pause}
pause: {wait: {for: 2d}, next: vip}
vip:   {branch: [{when: contact.attributes.score > 0, next: again}, {otherwise: quiet}]}
again: {send: {channel: discard, message_type: promotional, text: hi}, next: won}
won:   {end: success}
quiet: {end: neutral}
"""
WAITS = "pause: {wait: {for: 2d}, next: rest}\nrest: {wait: {for: 1d}, next: won}\nwon: {end: success}"
ALL = ["c-0", "c-1", "c-2"]


def in_words(way: Way) -> list[str]:
    return [f"{each.what} {each.step}" + (f" -> {each.next}" if each.next else "") for each in way.passed]


def told(desk: Desk) -> list[tuple[list[str], list[str]]]:
    """Contacts and their way, record by record, taken out."""
    return sorted((sorted(event.contact_ids), in_words(event.way)) for event in desk.take(StepsPassed))


async def test_each_wait_and_each_arm_is_told_once_for_all_who_went_there(desk: Desk) -> None:
    await desk.launch(ALL, COURSE)
    assert told(desk) == [], "there was only a message so far"
    await desk.accept(ALL)
    await desk.accept(ALL)
    assert told(desk) == [(ALL, ["waiting pause"])]
    desk.later(days=2)
    await desk.timers()
    assert told(desk) == [
        (["c-0"], ["waited pause", "branch vip -> quiet"]),
        (["c-1", "c-2"], ["waited pause", "branch vip -> again"]),
    ]
    await desk.accept(["c-1", "c-2"], "again")
    await desk.targets(admitted(ALL))
    assert told(desk) == [], "a message, an end, and targets that are told again"


async def test_of_a_launch_with_neither_nothing_more_is_emitted(desk: Desk) -> None:
    """One message, as the benchmark sends it: what it costs must not grow."""
    await desk.launch(ALL)
    await desk.accept(ALL)
    assert [type(sent.event).__name__ for sent in desk.emitted] == [
        *("TargetsStarted", "SendsRequested", "StepsCounted", "TargetsEnded")
    ]


async def test_an_update_is_told_once_when_contacts_has_carried_it_out(desk: Desk) -> None:
    await desk.launch(ALL, "tag: {update_contact: {set: {asked: true}}, next: won}\nwon: {end: success}")
    assert told(desk) == []
    update = desk.updates()
    causes = zip(update.contact_ids, update.update_ids, strict=True)
    answer = changed(*(change(id, 2, cause=cause) for id, cause in causes))
    for _ in range(2):
        await desk.changes(answer)
    assert told(desk) == [(ALL, ["updated tag"])]
    assert desk.outcomes() == dict.fromkeys(ALL, "success/end:won")


async def test_who_comes_to_a_wait_one_by_one_leaves_it_together(desk: Desk) -> None:
    await desk.launch(ALL, COURSE)
    for id in ALL:
        await desk.accept([id])
    assert told(desk) == [([id], ["waiting pause"]) for id in ALL]
    desk.later(days=2)
    await desk.timers()
    assert [ids for ids, _ in told(desk)] == [["c-0"], ["c-1", "c-2"]]


async def test_a_pause_a_resume_and_a_stop_tell_of_nothing_twice(desk: Desk) -> None:
    await desk.launch(ALL, COURSE)
    await desk.accept(ALL)
    told(desk)
    await desk.control(controlled(PAUSE, 2))
    desk.later(days=2)
    await desk.timers()
    assert told(desk) == [(ALL, ["waited pause"])]
    await desk.control(controlled(RESUME, 3))
    await desk.orders()
    await desk.timers()
    assert told(desk) == [(["c-0"], ["branch vip -> quiet"]), (["c-1", "c-2"], ["branch vip -> again"])]
    await desk.control(controlled(STOP, 4))
    await desk.orders()
    assert told(desk) == []
    assert desk.outcomes() == {"c-0": "other/end:quiet", "c-1": "abandon/stopped", "c-2": "abandon/stopped"}


async def test_who_is_moved_on_twice_at_once_is_told_of_in_that_order_and_under_two_ids(desk: Desk) -> None:
    contact = HERE[0]
    await desk.launch([contact], WAITS)
    told(desk)
    await desk.control(ordered(contact, "advance", "o-1"), ordered(contact, "advance", "o-2"))
    assert await desk.contact_orders() == {"o-1": "moved_on", "o-2": "moved_on"}
    assert len({sent.id for sent in desk.emitted if isinstance(sent.event, StepsPassed)}) == 2
    assert [(each.way.part, in_words(each.way)) for each in desk.take(StepsPassed)] == [
        (0, ["waited pause", "waiting rest"]),
        (1, ["waited rest"]),
    ]


async def test_a_trial_tells_its_way_like_any_launch(desk: Desk) -> None:
    await desk.launch(ALL, COURSE, mode=LaunchMode.REHEARSAL)
    await desk.accept(ALL)
    await desk.timers()
    assert told(desk) == [
        (["c-0"], ["waited pause", "branch vip -> quiet"]),
        (ALL, ["waiting pause"]),
        (["c-1", "c-2"], ["waited pause", "branch vip -> again"]),
    ]


async def test_that_contacts_were_deleted_is_told_behind_everything_else_of_them(desk: Desk) -> None:
    await desk.launch(ALL, COURSE)
    await desk.accept(ALL)
    await desk.changes(changed(deletion("c-1", 2), deletion("c-9", 5)))
    last = [sent for sent in desk.emitted if isinstance(sent.event, (TargetsEnded, ContactsErased))]
    assert [type(sent.event) for sent in last] == [TargetsEnded, ContactsErased]
    assert {(sent.topic, sent.partition) for sent in last} == {("executor.outcomes", 5)}
    (erased,) = desk.take(ContactsErased)
    assert (erased.project, erased.contact_ids) == ("acme", ["c-1", "c-9"])
