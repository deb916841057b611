"""One contact is removed from a launch, or moved on from a wait: by where it stands when the order comes."""

import httpx

from contracts.outcomes import IncidentsClosed
from contracts.sends import SendsRequested, SendsWithdrawn
from integration.executor.asking import HOOK, everything
from integration.executor.desk import PAUSE, RESUME, STOP, Desk, admitted, controlled, finished, ordered
from runtime.partitions import partition_of
from unit.executor.builders import opened

HERE = [f"c-{n}" for n in range(400) if partition_of(f"c-{n}", 8) == 5]
"""Contacts of the desk's partition."""
A, B = HERE[:2]
TWO_WAITS = """
pause: {wait: {for: 2d}, next: hello}
hello: {send: {channel: discard, message_type: promotional, text: hi}, next: rest}
rest:  {wait: {for: 1d}, next: won}
won:   {end: success}
"""


async def test_who_waits_for_a_timer_is_removed_and_nobody_else(desk: Desk) -> None:
    await desk.launch([A, B], TWO_WAITS)
    await desk.control(ordered(A, "remove"))
    assert await desk.contact_orders() == {"o-1": "removed"}
    assert desk.outcomes() == {A: "abandon/removed"}
    assert desk.take(SendsWithdrawn) == []
    assert await desk.standing() == {A: "ended at pause", B: "waiting_timer at pause"}


async def test_the_message_of_who_waits_for_it_is_withdrawn_behind_its_request(desk: Desk) -> None:
    await desk.launch([A, B])
    await desk.control(ordered(A, "remove"))
    await desk.contact_orders()
    order = [type(sent.event) for sent in desk.emitted if sent.topic == "executor.sends"]
    assert order == [SendsRequested, SendsWithdrawn]
    (withdrawn,) = desk.take(SendsWithdrawn)
    assert (withdrawn.contact_ids, withdrawn.reason) == ([A], "removed")
    assert desk.outcomes() == {A: "abandon/removed"}
    await desk.accept([A, B])
    assert desk.outcomes() == {B: "success/end:won"}, "a message that went out all the same changes nothing"


async def test_the_same_order_again_is_the_same(desk: Desk) -> None:
    await desk.launch([A], TWO_WAITS)
    await desk.control(ordered(A, "remove"), ordered(A, "remove"))
    assert await desk.contact_orders() == {"o-1": "removed"}
    await desk.control(ordered(A, "remove"))
    assert await desk.contact_orders() == {}
    await desk.control(ordered(A, "remove", "o-2"))
    assert await desk.contact_orders() == {"o-2": "ended"}
    assert desk.outcomes() == {A: "abandon/removed"}


async def test_who_is_removed_before_becoming_a_target_starts_and_ends_before_any_step(desk: Desk) -> None:
    await desk.control(ordered(A, "remove"))
    assert await desk.contact_orders() == {}
    await desk.launch([A, B], recurrence="if_not_running")
    assert desk.started() == [A, B]
    assert desk.outcomes() == {A: "abandon/removed"}
    assert desk.sent() == [("hello", B, 1)]
    assert desk.carried_out() == {"o-1": "removed"}
    assert await desk.contact_orders() == {}
    assert await desk.rows("SELECT contact_id FROM recurrence") == [(B,)]
    await desk.targets(admitted([A, B]))
    assert desk.emitted == [], "the same chunk again"


async def test_all_of_a_chunk_may_be_removed_before(desk: Desk) -> None:
    await desk.control(ordered(A, "remove", "o-1"), ordered(A, "remove", "o-2"), ordered(B, "remove", "o-3"))
    await desk.launch([A, B])
    assert desk.outcomes() == {A: "abandon/removed", B: "abandon/removed"}
    assert desk.sent() == []
    assert desk.carried_out() == {"o-1": "removed", "o-2": "removed", "o-3": "removed"}


async def test_who_is_no_target_is_known_once_all_targets_have_been_read(desk: Desk) -> None:
    await desk.launch([B], TWO_WAITS)
    await desk.control(ordered(A, "remove", "o-1"), ordered(A, "advance", "o-2"))
    assert await desk.contact_orders() == {}
    await desk.targets(finished())
    assert await desk.contact_orders() == {"o-1": "unknown_target", "o-2": "unknown_target"}


async def test_a_partition_without_any_target_learns_of_the_end_from_another_one(desk: Desk) -> None:
    await desk.control(ordered(A, "advance"))
    assert await desk.contact_orders() == {}
    elsewhere = Desk(desk.pool, number=2)
    await elsewhere.targets(opened(), finished())
    assert await desk.contact_orders() == {}
    desk.later(seconds=6)
    assert await desk.contact_orders() == {"o-1": "unknown_target"}


async def test_who_turns_out_to_be_a_target_after_all_is_removed_all_the_same(desk: Desk) -> None:
    await desk.control(ordered(A, "remove"))
    await Desk(desk.pool, number=2).targets(opened(), finished())
    desk.later(seconds=6)
    assert await desk.contact_orders() == {"o-1": "unknown_target"}
    await desk.launch([A])
    assert desk.carried_out() == {"o-1": "removed"}
    assert desk.outcomes() == {A: "abandon/removed"}
    assert desk.sent() == []


async def test_who_never_started_had_ended(desk: Desk) -> None:
    await desk.launch([A], TWO_WAITS, recurrence="once")
    await desk.launch([A], TWO_WAITS, recurrence="once", launch_id="l-2")
    desk.outcomes()
    await desk.control(ordered(A, "remove", launch_id="l-2"))
    assert await desk.contact_orders() == {"o-1": "ended"}
    assert desk.outcomes() == {}


async def test_a_wait_is_left_before_its_time_and_its_timer_is_gone(desk: Desk) -> None:
    await desk.launch([A, B], TWO_WAITS)
    await desk.control(ordered(A, "advance"))
    assert await desk.contact_orders() == {"o-1": "moved_on"}
    assert desk.sent() == [("hello", A, 1)]
    assert await desk.standing() == {A: "waiting_delivery at hello", B: "waiting_timer at pause"}
    desk.later(days=3)
    await desk.timers()
    assert desk.sent() == [("hello", B, 1)]


async def test_who_is_at_no_wait_is_not_moved_on(desk: Desk) -> None:
    await desk.launch([A])
    await desk.launch([B], HOOK, launch_id="l-2")
    desk.emitted.clear()
    await desk.control(ordered(A, "advance"), ordered(B, "advance", "o-2", "l-2"))
    assert await desk.contact_orders() == {"o-1": "not_waiting", "o-2": "not_waiting"}
    assert desk.emitted == []


async def test_a_paused_launch_lets_go_who_is_removed_and_holds_who_is_moved_on(desk: Desk) -> None:
    await desk.launch([A, B], TWO_WAITS)
    await desk.control(controlled(PAUSE, 2), ordered(A, "remove"), ordered(B, "advance", "o-2"))
    assert await desk.contact_orders() == {"o-1": "removed", "o-2": "moved_on"}
    assert desk.outcomes() == {A: "abandon/removed"}
    assert desk.sent() == []
    await desk.control(controlled(RESUME, 3))
    await desk.orders()
    await desk.timers()
    assert desk.sent() == [("hello", B, 1)]


async def test_what_a_stop_ends_is_stopped_whatever_was_ordered(desk: Desk) -> None:
    await desk.launch([A, B], TWO_WAITS)
    await desk.control(controlled(STOP, 2), ordered(A, "remove"), ordered(B, "advance", "o-2"))
    assert await desk.contact_orders() == {"o-1": "ended", "o-2": "ended"}
    await desk.orders()
    assert desk.outcomes() == {A: "abandon/stopped", B: "abandon/stopped"}


async def test_an_incident_is_closed_with_the_removal(desk: Desk) -> None:
    await desk.launch([A], HOOK)
    await desk.control(ordered(A, "remove"))
    assert await desk.contact_orders() == {"o-1": "removed"}
    assert len(desk.take(IncidentsClosed)) == 1
    assert await desk.rows("SELECT id FROM incident") == []


async def test_orders_that_have_to_wait_do_not_hold_up_others(desk: Desk) -> None:
    waiting = [ordered(contact_id, "remove", f"o-{contact_id}") for contact_id in [f"x-{n}" for n in range(500)]]
    here = [order for order in waiting if partition_of(order.contact_id, 8) == 5]
    assert len(here) > 50
    await desk.launch([A], TWO_WAITS)
    await desk.control(*here)
    await desk.contact_orders()
    await desk.control(ordered(A, "remove"))
    assert await desk.contact_orders() == {"o-1": "removed"}


async def test_what_became_of_an_order_is_told_with_who_gave_it(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.launch([A], TWO_WAITS)
    await desk.control(ordered(A, "remove"))
    path = "/v1/launches/l-1/orders/o-1"
    shown = (await client.get(path)).json()
    assert (shown["state"], shown["result"], shown["by"]) == ("ordered", None, "ann")
    await desk.contact_orders()
    assert (await client.get(path)).json() == shown | {"state": "done", "result": "removed"}
    assert (await client.get("/v1/launches/l-1/orders/o-2")).json()["code"] == "unknown_order"
    assert (await client.get("/v1/launches/l-2/orders/o-1")).status_code == 404


async def test_started_targets_are_listed_by_status_and_step(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.launch(HERE[:5], TWO_WAITS)
    await desk.control(ordered(A, "remove", "o-1"), ordered(B, "advance", "o-2"))
    await desk.contact_orders()
    path = "/v1/launches/l-1/instances"
    found = await everything(client, path, limit=2)
    assert [row["contact_id"] for row in found] == sorted(HERE[:5])
    assert {row["contact_id"] for row in await everything(client, path, limit=2, status="ended")} == {A}
    assert [row["contact_id"] for row in await everything(client, path, limit=2, step="hello")] == [B]
    exported = (await client.get(path, params={"step": "pause"}, headers={"Accept": "text/csv"})).text.split("\r\n")
    assert exported[0] == "contact_id,status,step,due_at,started_at,ended_at,outcome,reason"
    assert [line.split(",")[0] for line in exported[1:-1]] == sorted(set(HERE[:5]) - {B})
    assert (await client.get("/v1/launches/l-9/instances")).json()["code"] == "unknown_launch"


async def test_the_audit_says_what_became_of_an_order_under_the_name_of_who_gave_it(desk: Desk) -> None:
    nobody = HERE[2]
    await desk.launch([A, B], TWO_WAITS)
    await desk.targets(finished())
    await desk.control(ordered(A, "remove"), ordered(B, "advance", "o-2"), ordered(nobody, "remove", "o-3"))
    await desk.contact_orders()
    await desk.control(ordered(A, "remove", "o-4"))
    await desk.contact_orders()
    rows = await desk.rows("SELECT subject, action, thing, details FROM audit_entry")
    assert {(subject, thing) for subject, _, thing, _ in rows} == {("ann", "launch/l-1")}
    assert {details["order"]: (action, details["result"]) for _, action, _, details in rows} == {
        "o-1": ("launch.contact_removed", "removed"),
        "o-2": ("launch.contact_moved_on", "moved_on"),
        "o-3": ("launch.contact_unchanged", "unknown_target"),
        "o-4": ("launch.contact_unchanged", "ended"),
    }
