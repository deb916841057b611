"""What messaging reports of contacts: withdrawn consent, addresses that bounce, complaints. Once each, and answered."""

from collections.abc import Sequence

from contacts.domain.contact import Erase, SetConsent
from contacts.handlers.reports import Unread
from contacts.handlers.writing import Wanted
from contracts.changes import ContactChange
from contracts.deliveries import ContactsReported, Report
from fakes.transaction import NOON
from integration.contacts.world import PROJECT, World


def report(kind: Report, *ids: str, recipients: Sequence[str | None] = (), mark: str = "r") -> ContactsReported:
    return ContactsReported(
        project=PROJECT,
        launch_id="l-1",
        contact_ids=list(ids),
        kinds=[kind] * len(ids),
        message_types=["news"] * len(ids),
        recipients=list(recipients) or [None] * len(ids),
        ids=[f"{mark}-{id}" for id in ids],
        at=NOON,
    )


def told(world: World) -> dict[str, ContactChange]:
    """The newest of each contact."""
    return {change.contact_id: change for event in world.on("contacts.changes") for change in event.changes}


async def reasons(world: World) -> dict[str, str]:
    rows = await world.pool.fetch("SELECT shown, reason FROM suppression")
    return {row["shown"]: row["reason"] for row in rows}


async def test_withdrawn_consent_is_written_and_answered_with_the_report_as_its_cause(world: World) -> None:
    await world.load({"id": "a", "consent": {"news": True, "offers": True}}, {"id": "b"})
    await world.hear(report("withdrawn", "a", "b", "never"))
    found = {id: (change.cause, change.contact and change.contact.consent) for id, change in told(world).items()}
    assert found == {
        "a": ("r-a", {"news": False, "offers": True}),
        "b": ("r-b", {"news": False}),
        "never": ("r-never", None),
    }


async def test_a_report_read_again_does_not_undo_a_later_consent(world: World) -> None:
    await world.load({"id": "a", "consent": {"news": True}})
    await world.hear(report("withdrawn", "a"))
    await world.write(Wanted(PROJECT, "a", SetConsent("news", given=True), "cmd"))
    before = len(world.emitted)
    await world.hear(report("withdrawn", "a"), Unread())
    assert len(world.emitted) == before
    assert told(world)["a"].contact.consent == {"news": True}  # type: ignore[union-attr]
    await world.hear(report("withdrawn", "a", mark="again"))
    assert told(world)["a"].contact.consent == {"news": False}  # type: ignore[union-attr]


async def test_a_bounce_suppresses_the_address_whoever_has_it_and_says_why(world: World) -> None:
    await world.load({"id": "a", "email": "x@x.example"}, {"id": "b", "email": "x@x.example"}, {"id": "c"})
    await world.hear(report("bounced", "a", recipients=["x@x.example"]))
    assert {id: change.suppressed for id, change in told(world).items()} == {"a": True, "b": True}
    assert told(world)["a"].cause == "r-a"
    assert await reasons(world) == {"a": "hard_bounce", "x@x.example": "hard_bounce"}


async def test_an_address_that_is_proven_later_is_suppressed_too(world: World) -> None:
    await world.load({"id": "a", "email": "x@x.example"}, {"id": "b", "email": "x@x.example"})
    await world.hear(report("bounced", "a"))
    assert await reasons(world) == {"a": "hard_bounce"}
    for _ in range(2):
        await world.hear(report("bounced", "a", recipients=["x@x.example"], mark="named"))
    assert await reasons(world) == {"a": "hard_bounce", "x@x.example": "hard_bounce"}
    assert {id: change.suppressed for id, change in told(world).items()} == {"a": True, "b": True}


async def test_of_an_address_that_nobody_has_any_more_only_the_hash_is_kept(world: World) -> None:
    await world.load({"id": "a", "email": "x@x.example"})
    await world.write(Wanted(PROJECT, "a", Erase(), "gone"))
    await world.hear(report("bounced", "a", recipients=["x@x.example"]))
    rows = await world.pool.fetch("SELECT kind, shown FROM suppression ORDER BY kind")
    assert [tuple(row) for row in rows] == [("address", None), ("contact", "a")]
    await world.load({"id": "b", "email": "x@x.example"})
    assert await world.pool.fetchval("SELECT suppressed FROM contact WHERE contact_id = 'b'")


async def test_a_complaint_suppresses_the_contact_even_without_an_address(world: World) -> None:
    await world.load({"id": "a", "email": "x@x.example"})
    await world.hear(report("complained", "a", "never"))
    assert told(world)["a"].suppressed and told(world)["never"].contact is None
    assert await reasons(world) == {"a": "complaint", "never": "complaint"}
