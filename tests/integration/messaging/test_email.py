"""E-mails from planned to their end: what is sent, what is not, and what is told of it."""

import asyncio
from typing import Any

import pytest

from contracts.scenario import Sender
from contracts.words import ControlState
from fakes.mailer import FakeMailer
from fakes.provider import ACCEPT_LATE
from integration.messaging.rig import Node, World, eventually
from messaging.domain.retries import Backoff
from messaging.jobs.handover import LOOK_SECONDS
from unit.messaging.builders import change, chunk, controlled, key, requested, snapshot

GREETING: dict[str, Any] = {
    "subject": "Hi {{ contact.attributes.first_name }}",
    "text": "Your voucher: {{ context.voucher }}",
}
ANN = {"first_name": ["Ann"]}


async def test_a_mail_is_handed_over_once_and_every_step_is_told(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer) as node:
        await node.launches(requested(**GREETING, context={"voucher": "V-7"}))
        await node.sends(chunk(snapshot(1, attributes=ANN)))
        assert world.counts == {"planned": 1}
        await node.until_ended(1)
    assert world.path("c-0") == ["planned", "sending", "accepted"]
    (mail,) = mailer.accepted
    assert (mail.sender, mail.recipient) == ("news@acme.example", "c-0@x.example")
    assert mail.message["Subject"] == "Hi Ann"
    assert mail.message.get_content().strip() == "Your voucher: V-7"
    assert mail.id == key().send_id
    await world.check()


async def test_a_thousand_mails_are_each_handed_over_once(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer, connections=8) as node:
        await node.launches(requested())
        await node.sends(chunk(500), chunk(snapshot(500, first=500)))
        await node.sends(chunk(500), cause="replayed")
        await node.until_ended(1000)
    assert world.counts == {"accepted": 1000}
    assert len({mail.id for mail in mailer.accepted}) == len(mailer.accepted) == 1000
    assert node.meter.bugs == 0
    await world.check()


async def test_address_and_facts_are_forgotten_at_the_end(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer) as node:
        await node.launches(requested(**GREETING, context={"voucher": "V-7"}))
        await node.sends(chunk(snapshot(1, attributes=ANN)))
        row = await world.pool.fetchrow("SELECT email, facts FROM send")
        assert row is not None and row["email"] == "c-0@x.example" and "Ann" in row["facts"]
        await node.until_ended(1)
    assert await world.pool.fetch("SELECT FROM send WHERE email IS NOT NULL OR facts IS NOT NULL") == []


async def test_one_bad_contact_among_many_fails_alone(world: World, mailer: FakeMailer) -> None:
    targets = snapshot(6, attributes={"first_name": ["Ann", None, "x\r\nBcc: all@x.example", "Dan", "Eve", "Fay"]})
    emails = [*targets.emails[:3], "d@x.example\r\nRCPT TO:<e@x.example>", "no address", targets.emails[5]]
    targets = targets.model_copy(update={"emails": emails})
    async with Node(world, mailer) as node:
        await node.launches(requested(subject="Hi {{ contact.attributes.first_name }}"))
        await node.sends(chunk(targets))
        await node.until_ended(6)
    assert await world.rows() == {
        "c-0": ("accepted", None),
        "c-1": ("failed", "render: subject: contact.attributes.first_name is missing"),
        "c-2": ("failed", "render: subject: a line end or another control character in a header"),
        "c-3": ("failed", "address"),
        "c-4": ("failed", "address"),
        "c-5": ("accepted", None),
    }
    assert [mail.recipient for mail in mailer.offers] == ["c-0@x.example", "c-5@x.example"]
    told = {
        contact_id: (reason, detail)
        for record in world.records
        for contact_id, reason, detail in zip(record.contact_ids, record.reasons, record.details, strict=False)
    }
    assert told["c-1"] == ("render", "subject: contact.attributes.first_name is missing")
    assert told["c-3"] == ("address", None)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"text": "{{ contact.email"}, "render: text: line 1: `}}` is missing at the end"),
        ({"sender": None}, "sender"),
        ({"sender": Sender(name="x", address="no address")}, "sender"),
        (
            {"sender": Sender(name="Acme\r\nBcc: all@x.example", address="news@acme.example")},
            "render: sender: a line end or another control character in a header",
        ),
    ],
)
async def test_a_broken_version_fails_its_mails_and_nothing_else(
    world: World, mailer: FakeMailer, broken: dict[str, object], reason: str
) -> None:
    async with Node(world, mailer) as node:
        await node.launches(requested(**broken), requested("fine"))  # type: ignore[arg-type]
        await node.sends(chunk(2), chunk(snapshot(1, first=9), "fine"))
        await node.until_ended(3)
    assert await world.rows() == {"c-0": ("failed", reason), "c-1": ("failed", reason), "c-9": ("accepted", None)}


async def test_who_must_not_get_it_is_skipped_before_anything_is_planned(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer) as node:
        await node.launches(requested())
        await node.sends(chunk(snapshot(4, no_email={1}, suppressed={2}, not_permitted={3})))
        await node.until_ended(4)
    assert await world.rows() == {
        "c-0": ("accepted", None),
        "c-1": ("skipped", "no_address"),
        "c-2": ("skipped", "suppressed"),
        "c-3": ("skipped", "not_permitted"),
    }
    assert world.path("c-2") == ["skipped"]


async def test_what_changed_between_planning_and_sending_counts(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer) as node:
        await node.launches(requested())
        await node.sends(chunk(7))
        await node.changes(
            change("c-0", consent={"promotional": False}),
            change("c-1", suppressed=True),
            change("c-2", active=False),
            change("c-3", deleted=True),
            change("c-4", email=None),
            change("c-5", email="new@x.example"),
        )
        await node.until_ended(7)
    assert await world.rows() == {
        "c-0": ("skipped", "no_consent"),
        "c-1": ("skipped", "suppressed"),
        "c-2": ("skipped", "inactive"),
        "c-3": ("cancelled", "deleted"),
        "c-4": ("skipped", "no_address"),
        "c-5": ("accepted", None),
        "c-6": ("accepted", None),
    }
    assert sorted(mail.recipient for mail in mailer.accepted) == ["c-6@x.example", "new@x.example"]
    await world.check()


async def test_a_deletion_cancels_at_once_even_under_a_paused_gate(world: World, mailer: FakeMailer) -> None:
    node = Node(world, mailer)
    await node.launches(requested(), controlled(ControlState.PAUSED))
    await node.sends(chunk(2))
    await node.changes(change("c-0", deleted=True))
    await node.round()
    assert world.counts == {"cancelled": 1, "planned": 1}
    assert await world.pool.fetchval("SELECT email FROM send WHERE contact_id = 'c-0'") is None


async def test_a_deletion_read_again_does_not_touch_sends_of_the_contact_made_anew(
    world: World, mailer: FakeMailer
) -> None:
    node = Node(world, mailer)
    await node.launches(requested())
    await node.changes(change("c-0", revision=2, deleted=True), change("c-0", revision=3))
    await node.sends(chunk(snapshot(1, revision=3)))
    await node.changes(change("c-0", revision=2, deleted=True))
    assert world.counts == {"planned": 1}


async def test_a_stop_cancels_what_is_planned_in_portions(world: World, mailer: FakeMailer) -> None:
    node = Node(world, mailer)
    await node.launches(requested())
    await node.sends(chunk(500), chunk(snapshot(500, first=500)), chunk(snapshot(100, first=1000)))
    await node.launches(controlled(ControlState.STOPPED))
    await node.until_ended(1100)
    assert world.counts == {"cancelled": 1100}
    assert set((await world.rows()).values()) == {("cancelled", "stopped")}
    assert mailer.offers == []
    await world.check()


async def test_what_is_at_the_dot_at_a_stop_is_finished_and_counted(world: World, mailer: FakeMailer) -> None:
    mailer.always("dot", ACCEPT_LATE)
    async with Node(world, mailer, connections=2) as node:
        await node.launches(requested())
        await node.sends(chunk(20))
        await node.until(lambda: len(mailer.accepted) == 2)
        await node.launches(controlled(ControlState.STOPPED))
        mailer.release()
        await node.until_ended(20)
    assert world.counts == {"accepted": 2, "cancelled": 18}
    assert len(mailer.accepted) == 2
    await world.check()


async def test_no_dot_is_committed_behind_a_gate_that_closed_after_the_offer(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer, connections=3) as node:
        await node.launches(requested())
        await node.sends(chunk(3))
        await node.round()
        await eventually(lambda: len(mailer.offers) == 3)
        await node.launches(controlled(ControlState.STOPPED))
        await node.until_ended(3)
    assert world.counts == {"cancelled": 3}
    assert mailer.accepted == []


async def test_consent_withdrawn_after_the_offer_is_respected(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer, connections=3) as node:
        await node.launches(requested())
        await node.sends(chunk(3))
        await node.round()
        await eventually(lambda: len(mailer.offers) == 3)
        await node.changes(change("c-1", consent={}))
        await node.until_ended(3)
    assert world.counts == {"accepted": 2, "skipped": 1}
    assert sorted(mail.recipient for mail in mailer.accepted) == ["c-0@x.example", "c-2@x.example"]


async def test_an_address_that_changed_after_the_offer_gets_it_instead(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer, connections=1) as node:
        await node.launches(requested())
        await node.sends(chunk(1))
        await node.round()
        await eventually(lambda: len(mailer.offers) == 1)
        await node.changes(change("c-0", email="new@x.example"))
        await node.until_ended(1)
    assert [mail.recipient for mail in mailer.accepted] == ["new@x.example"]


async def test_a_paused_launch_waits_and_goes_on(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer) as node:
        await node.launches(requested(), controlled(ControlState.PAUSED))
        await node.sends(chunk(3))
        for _ in range(3):
            await node.round()
        assert mailer.offers == []
        await node.launches(controlled(ControlState.RUNNING, revision=3))
        await node.until_ended(3)
    assert world.counts == {"accepted": 3}


async def test_mails_before_their_launch_are_planned_when_it_comes(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer) as node:
        await node.sends(chunk(3))
        await node.round()
        await node.launches(requested())
        await node.until_ended(3)
    assert world.counts == {"accepted": 3}


async def test_launches_take_turns(world: World, mailer: FakeMailer) -> None:
    """A launch of one in the middle of a large one does not wait for it."""
    async with Node(world, mailer, connections=2) as node:
        await node.launches(requested("large"), requested("small"))
        await node.sends(chunk(300, "large"))
        await node.until(lambda: len(mailer.accepted) > 10)
        await node.sends(chunk(snapshot(1, first=900), "small"), cause="small")
        await asyncio.sleep(LOOK_SECONDS)
        before = len(mailer.accepted)
        await node.until(lambda: "accepted" in world.path("c-900"))
        assert len(mailer.accepted) - before < 20


async def test_a_launch_of_one_overtakes_what_lies_ready_of_a_large_one(world: World, mailer: FakeMailer) -> None:
    mailer.seconds = 0.01
    async with Node(world, mailer, connections=4) as node:
        await node.launches(requested("large"), requested("small"))
        await node.sends(chunk(400, "large"))
        await node.until(lambda: len(mailer.accepted) > 10)
        await node.sends(chunk(snapshot(1, first=900), "small"), cause="small")
        await asyncio.sleep(LOOK_SECONDS)
        before = len(mailer.accepted)
        await node.round()
        await node.until(lambda: any(mail.recipient == "c-900@x.example" for mail in mailer.accepted))
        assert len(mailer.accepted) - before <= 4 * 4 + 4  # what four sessions carry, and what they have offered


async def test_many_launches_all_come_to_their_turn(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer) as node:
        names = [f"launch-{number:02}" for number in range(40)]
        await node.launches(*(requested(name) for name in names))
        for place, name in enumerate(names):
            await node.sends(chunk(snapshot(3, first=10 * place), name), cause=name)
        await node.until_ended(120)
    assert world.counts == {"accepted": 120}


async def test_numbers_take_turns(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer, connections=2) as node:
        await node.launches(requested())
        await node.sends(chunk(200), number=0)
        await node.sends(chunk(snapshot(5, first=900)), number=1, cause="other")
        await node.until(lambda: all("accepted" in world.path(f"c-{number}") for number in range(900, 905)), 0, 1)
        assert world.counts["planned"] > 100


async def test_two_sends_of_one_contact_go_out_one_after_the_other(world: World, mailer: FakeMailer) -> None:
    mailer.always("dot", ACCEPT_LATE)
    async with Node(world, mailer) as node:
        await node.launches(requested())
        await node.sends(chunk(1, occurrence=1), chunk(1, occurrence=2))
        await node.until(lambda: len(mailer.accepted) == 1)
        await node.round()
        await asyncio.sleep(0.05)
        assert len(mailer.offers) == 1
        mailer.release()
        await node.until_ended(2)
    assert len(mailer.accepted) == 2


async def test_a_4xx_is_tried_again_and_in_the_end_fails(world: World, mailer: FakeMailer) -> None:
    mailer.next("RCPT", "451 later")
    mailer.next("dot", "452 later")
    async with Node(world, mailer, connections=1, backoff=Backoff(0.01, 0.05, attempts=3)) as node:
        await node.launches(requested())
        await node.sends(chunk(1))
        await node.until_ended(1)
        assert world.path("c-0") == ["planned", "sending", "planned", "sending", "accepted"]
        mailer.always("RCPT", "450 never really")
        await node.sends(chunk(snapshot(1, first=1)), cause="more")
        await node.until_ended(2)
    assert (await world.rows())["c-1"] == ("failed", "smtp:450")
    assert len([mail for mail in mailer.offers if mail.recipient == "c-1@x.example"]) == 3
    assert len(mailer.accepted) == 1
    await world.check()


async def test_a_5xx_fails_at_once_with_its_code(world: World, mailer: FakeMailer) -> None:
    mailer.next("RCPT", "550 no such mailbox")
    mailer.next("dot", "554 spam")
    async with Node(world, mailer, connections=1) as node:
        await node.launches(requested())
        await node.sends(chunk(3))
        await node.until_ended(3)
    assert sorted((await world.rows()).values(), key=str) == [
        ("accepted", None),
        ("failed", "smtp:550"),
        ("failed", "smtp:554"),
    ]


async def test_a_provider_that_is_silent_about_one_mail_holds_up_no_other(world: World, mailer: FakeMailer) -> None:
    mailer.next("dot", ACCEPT_LATE)
    async with Node(world, mailer, connections=2) as node:
        await node.launches(requested())
        await node.sends(chunk(10))
        await node.until_ended(9)
        assert world.counts == {"accepted": 9, "sending": 1}
        mailer.release()
        await node.until_ended(10)
    assert world.counts == {"accepted": 10}
    assert len({mail.id for mail in mailer.accepted}) == len(mailer.accepted) == 10
