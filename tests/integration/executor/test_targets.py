"""From an admitted target to its outcome."""

import pytest

from contracts.outcomes import ContactsErased, TargetsEnded
from contracts.sends import SendsRequested
from contracts.targets import TargetingFinished, TargetsExcluded
from contracts.words import DeliveryState
from integration.executor.desk import Desk, admitted, change, changed, deletion, delivered
from runtime.errors import Permanent
from unit.executor.builders import EVERYTHING, opened

IDS = ["c-0", "c-1", "c-2"]


async def test_each_target_becomes_one_instance_that_asks_for_its_message(desk: Desk) -> None:
    await desk.launch(IDS)
    assert desk.started() == IDS
    assert desk.sent() == [("hello", contact_id, 1) for contact_id in IDS]
    assert await desk.standing() == dict.fromkeys(IDS, "waiting_delivery at hello")


async def test_an_accepted_message_leads_to_the_end(desk: Desk) -> None:
    await desk.launch(IDS)
    desk.later(seconds=3)
    await desk.accept(IDS)
    assert desk.outcomes() == dict.fromkeys(IDS, "success/end:won")
    rows = await desk.rows("SELECT ended_at - started_at, facts, due_at, occurrences FROM instance")
    assert [(took.total_seconds(), *rest) for took, *rest in rows] == [(3.0, None, None, None)] * 3


async def test_a_chunk_s_messages_end_in_different_ways(desk: Desk) -> None:
    await desk.launch(["a", "s", "f", "r", "u", "w"])
    await desk.deliveries(
        delivered(["a"]),
        delivered(["s"], state=DeliveryState.SKIPPED, reason="no_consent"),
        delivered(["f"], state=DeliveryState.FAILED, reason="smtp:550"),
        delivered(["r"], state=DeliveryState.FAILED, reason="render"),
        delivered(["u"], state=DeliveryState.UNKNOWN),
        delivered(["w"], state=DeliveryState.PLANNED),
    )
    assert desk.outcomes() == {
        "a": "success/end:won",
        "s": "success/end:won",
        "f": "failure/error:send",
        "r": "failure/error:render",
        "u": "success/end:won",
    }
    assert (await desk.standing())["w"] == "waiting_delivery at hello"


async def test_mixed_states_in_one_record_are_told_apart(desk: Desk) -> None:
    await desk.launch(IDS)
    mixed = delivered(IDS).model_copy(
        update={
            "states": [DeliveryState.ACCEPTED, DeliveryState.SENDING, DeliveryState.FAILED],
            "reasons": [None, None, "address"],
        }
    )
    await desk.deliveries(mixed)
    assert desk.outcomes() == {"c-0": "success/end:won", "c-2": "failure/error:send"}


async def test_a_repeated_chunk_changes_and_says_nothing(desk: Desk) -> None:
    await desk.launch(IDS)
    desk.emitted.clear()
    await desk.launch(IDS)
    await desk.accept(IDS)
    desk.emitted.clear()
    await desk.launch(IDS)
    await desk.accept(IDS)
    assert desk.emitted == []
    assert await desk.rows("SELECT open, revision FROM launch_share") == [(0, 2)]


async def test_of_a_chunk_that_overlaps_only_the_new_targets_start(desk: Desk) -> None:
    await desk.launch(["c-0", "c-2"])
    desk.emitted.clear()
    await desk.targets(admitted(IDS))
    assert desk.started() == ["c-1"]
    (sends,) = desk.take(SendsRequested)
    assert sends.targets.attributes == {"score": [1]}


async def test_a_chunk_of_an_unknown_launch_is_permanent(desk: Desk) -> None:
    with pytest.raises(Permanent, match="l-404"):
        await desk.targets(admitted(IDS, launch_id="l-404"))


async def test_what_does_not_concern_executor_is_passed_over(desk: Desk) -> None:
    excluded = TargetsExcluded(project="acme", launch_id="l-1", contact_ids=["x"], reasons=["inactive"], at=desk.now)
    finished = TargetingFinished(project="acme", launch_id="l-1", total=0, at=desk.now)
    await desk.targets(opened(), excluded, finished)
    await desk.accept(["x"], launch_id="l-unknown")
    assert desk.emitted == []


async def test_a_launch_that_ends_at_once_starts_and_ends_its_targets(desk: Desk) -> None:
    await desk.launch(IDS, "won: {end: success}", recurrence="if_not_running")
    assert desk.started() == IDS
    assert desk.outcomes() == dict.fromkeys(IDS, "success/end:won")
    assert await desk.rows("SELECT * FROM recurrence") == []


async def test_eight_chunks_of_two_launches_go_through_in_one_transaction(desk: Desk) -> None:
    chunks = [admitted([f"c-{n}-{m}" for m in range(500)], launch_id=f"l-{n % 2}") for n in range(6)]
    await desk.targets(opened(launch_id="l-0"), opened(launch_id="l-1"), *chunks)
    assert len(desk.started()) == 3000
    assert await desk.rows("SELECT launch_id, open FROM launch_share ORDER BY 1") == [("l-0", 1500), ("l-1", 1500)]


async def test_newer_contact_data_overtakes_a_target(desk: Desk) -> None:
    await desk.changes(changed(change("c-1", 7, suppressed=True, attributes={"score": 99})))
    await desk.launch(IDS, revision=6)
    (sends,) = desk.take(SendsRequested)
    assert sends.targets.emails == ["c-0@mail.example", "c-1@new.example", "c-2@mail.example"]
    assert sends.targets.revisions == [6, 7, 6]
    assert sends.targets.suppressed == [False, True, False]
    assert sends.targets.attributes == {"score": [0, 99, 2]}
    assert sends.targets.consents == {"promotional": [True, False, True]}


async def test_a_target_overtakes_older_contact_data(desk: Desk) -> None:
    await desk.changes(changed(change("c-1", 5), deletion("c-2", 5)))
    await desk.launch(IDS, revision=6)
    (sends,) = desk.take(SendsRequested)
    assert sends.targets.contact_ids == IDS
    assert sends.targets.emails[1] == "c-1@mail.example"


async def test_a_deleted_contact_does_not_start(desk: Desk) -> None:
    await desk.changes(changed(deletion("c-1", 7)))
    await desk.launch(IDS, recurrence="once", revision=6)
    assert desk.started() == ["c-0", "c-2"]
    assert desk.outcomes() == {"c-1": "other/not_started:deleted"}
    assert await desk.rows("SELECT contact_id FROM recurrence ORDER BY 1") == [("c-0",), ("c-2",)]


async def test_a_deletion_abandons_open_instances_of_every_launch(desk: Desk) -> None:
    await desk.launch(IDS, revision=6)
    await desk.launch(IDS, revision=6, launch_id="l-2")
    await desk.accept(["c-2"])
    desk.emitted.clear()
    await desk.changes(changed(deletion("c-1", 7), deletion("c-2", 7)))
    abandoned = "SELECT launch_id, contact_id, reason FROM instance WHERE outcome = 'abandon' ORDER BY 1, 2"
    assert await desk.rows(abandoned) == [
        ("l-1", "c-1", "deleted"),
        ("l-2", "c-1", "deleted"),
        ("l-2", "c-2", "deleted"),
    ]
    assert [type(sent.event) for sent in desk.emitted] == [TargetsEnded, TargetsEnded, ContactsErased]


async def test_a_late_deletion_leaves_a_contact_that_was_made_again(desk: Desk) -> None:
    await desk.launch(IDS, revision=9)
    desk.emitted.clear()
    await desk.changes(changed(deletion("c-1", 8)))
    assert desk.outcomes() == {}


async def test_deleted_and_made_again_in_one_batch_still_ends_the_old_instance(desk: Desk) -> None:
    await desk.launch(IDS, revision=6)
    desk.emitted.clear()
    await desk.changes(changed(deletion("c-1", 7)), changed(change("c-1", 8)))
    assert desk.outcomes() == {"c-1": "abandon/deleted"}
    await desk.launch(["c-1"], launch_id="l-2", revision=8)
    await desk.changes(changed(deletion("c-1", 7)), changed(change("c-1", 8)))
    assert desk.outcomes() == {}, "the same records again, after the contact started anew"
    assert desk.started() == ["c-1"]


async def test_a_change_reaches_a_later_step(desk: Desk) -> None:
    await desk.launch(["c-0"], EVERYTHING)
    await desk.accept(["c-0"])
    await desk.changes(changed(change("c-0", 2, attributes={"score": 51}, email="other@mail.example")))
    desk.later(days=2)
    await desk.timers()
    assert desk.updates().contact_ids == ["c-0"], "the branch saw the new score"


async def test_contact_data_is_kept_only_as_long_as_it_is_needed(desk: Desk) -> None:
    await desk.launch(["c-0"], EVERYTHING)
    kept = "SELECT facts IS NOT NULL FROM instance"
    assert await desk.rows(kept) == [(True,)]
    await desk.deliveries(delivered(["c-0"], state=DeliveryState.FAILED))
    assert await desk.rows(kept) == [(False,)]
    await desk.launch(["c-1"], launch_id="l-2")
    assert await desk.rows(kept + " WHERE launch_id = 'l-2'") == [(False,)]


@pytest.mark.parametrize(
    "contact_id", ["ü-1", "a b", "🦉", "o'hara", 'q"uote', "back\\slash", "{curly}", "%s", "x" * 128]
)
async def test_ids_with_odd_characters_go_all_the_way(desk: Desk, contact_id: str) -> None:
    await desk.launch([contact_id], EVERYTHING, columns={"attributes": {"score": ["\\u0000 ü 🦉"]}})
    await desk.accept([contact_id])
    desk.later(days=2)
    await desk.timers()
    assert (await desk.standing()).keys() == {contact_id}
