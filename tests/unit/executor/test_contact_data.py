"""Contact data in columns."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.changes import Contact
from executor.domain.contact_data import Newer, entries, from_entries, pick, slice_of, superseded
from unit.executor.builders import snapshot

IDS = ["c-0", "c-1", "c-2"]


def newer(revision: int = 9, suppressed: bool = True) -> Newer:
    contact = Contact(
        id="c-1", email="new@mail.example", zone="UTC", groups=["vip"], attributes={"score": 99, "other": 1}
    )
    return Newer(revision, contact, suppressed)


def test_all_members_are_the_column_itself() -> None:
    assert pick(IDS, range(3)) is IDS
    whole = snapshot(IDS)
    assert slice_of(whole, [0, 1, 2]) is whole


def test_a_slice_keeps_its_contacts_columns_together() -> None:
    part = slice_of(snapshot(IDS, groups=[[], ["vip"], []]), [1, 2])
    assert part.contact_ids == ["c-1", "c-2"]
    assert part.attributes == {"score": [1, 2]}
    assert part.groups == [["vip"], []]


def test_newer_data_supersedes_everything_but_the_permission() -> None:
    before = snapshot(
        IDS, permitted=[True, False, True], consents={"promotional": [True] * 3, "administrative": [True] * 3}
    )
    after = superseded(before, {1: newer()})
    assert after.revisions == [1, 9, 1]
    assert after.emails[1] == "new@mail.example"
    assert after.zones == ["Europe/Vienna", "UTC", "Europe/Vienna"]
    assert after.attributes == {"score": [0, 99, 2]}, "and no attribute that the version does not read"
    assert after.consents == {"promotional": [True, False, True], "administrative": [True, True, True]}
    assert after.suppressed == [False, True, False]
    assert after.permitted == [True, False, True]
    assert after.groups is None
    assert before == snapshot(IDS, permitted=[True, False, True], consents=before.consents), "the old one is untouched"


def test_groups_are_superseded_where_they_are_carried() -> None:
    assert superseded(snapshot(IDS, groups=[[], [], []]), {1: newer()}).groups == [[], ["vip"], []]


def test_who_is_not_active_any_more_is_known_and_only_then_something_is_kept_of_it() -> None:
    before = snapshot(IDS)
    assert before.active is None and superseded(before, {1: newer()}).active is None
    contact = Contact(id="c-1", active=False)
    after = superseded(before, {1: Newer(9, contact, False)})
    assert after.active == [True, False, True]
    assert slice_of(after, [1]).active == [False]
    assert from_entries(IDS, after.revisions, entries(after, range(3))) == after
    assert superseded(after, {1: Newer(10, contact.model_copy(update={"active": True}), False)}).active is None


def test_a_deleted_contact_supersedes_nothing() -> None:
    before = snapshot(IDS)
    assert superseded(before, {1: Newer(9, None, False)}) is before


@given(st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=5)), min_size=3, max_size=3))
def test_what_is_stored_per_instance_comes_back(scores: list[object]) -> None:
    for groups in (None, [["vip"], [], ["a", "b"]]):
        whole = snapshot(IDS, attributes={"score": scores}, groups=groups)
        assert from_entries(IDS, [1, 1, 1], entries(whole, range(3))) == whole


def test_what_only_some_scenarios_read_is_stored_only_there() -> None:
    assert {"phone", "consent_entries"}.isdisjoint(entries(snapshot(IDS), [0])[0])
    whole = snapshot(IDS, phones=["+1", None, "+3"], consent_entries={"news": [True, None, False]})
    assert from_entries(IDS, [1, 1, 1], entries(whole, range(3))) == whole
    part = slice_of(whole, [1, 2])
    assert (part.phones, part.consent_entries) == ([None, "+3"], {"news": [None, False]})


def test_phone_and_consent_are_superseded_where_they_are_carried() -> None:
    before = snapshot(IDS, phones=["+1", "+2", None], consent_entries={"news": [True, True, None]})
    after = superseded(before, {1: newer()})
    assert (after.phones, after.consent_entries) == (["+1", None, None], {"news": [True, None, None]})
