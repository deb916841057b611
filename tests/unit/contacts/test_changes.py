"""What a change makes of a contact."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.contact import (
    MAX_BYTES,
    Change,
    Erase,
    Refused,
    Regroup,
    Resuppress,
    SetAttributes,
    SetConsent,
    StoredContact,
    Suppressed,
    Upsert,
    apply,
)
from contracts.crm import ContactGiven

NOBODY = StoredContact("demo", "c-1", 3)
ANN = StoredContact(
    "demo",
    "c-1",
    3,
    revision=7,
    deleted=False,
    email="ann@example.com",
    address_hash=b"ann",
    phone="+43 1",
    zone="Europe/Vienna",
    groups=("news", "vip"),
    consent={"news": True},
    attributes={"score": 1, "city": "Graz"},
)
NOTHING = Suppressed()


def upsert(address_hash: bytes | None = None, **fields: Any) -> Upsert:
    return Upsert(ContactGiven.model_validate({"id": "c-1", **fields}), address_hash)


def after(change: Change, before: StoredContact = ANN, suppressed: Suppressed = NOTHING) -> StoredContact:
    result = apply(before, change, suppressed)
    assert isinstance(result, StoredContact)
    return result


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"phone": "+43 2"}, {"phone": "+43 2"}),
        ({"phone": None}, {"phone": None}),
        ({"zone": None}, {"zone": None}),
        ({"email": None}, {"email": None, "address_hash": None}),
        ({"active": False}, {"active": False}),
        ({"groups": ["z", "a", "z"]}, {"groups": ("a", "z")}),
        ({"groups": None}, {"groups": ()}),
        ({"groups": []}, {"groups": ()}),
        ({"consent": {"promo": False}}, {"consent": {"news": True, "promo": False}}),
        ({"consent": {"news": None}}, {"consent": {}}),
        ({"consent": None}, {"consent": {}}),
        ({"attributes": {"score": 2, "new": [1]}}, {"attributes": {"score": 2, "city": "Graz", "new": [1]}}),
        ({"attributes": {"score": None}}, {"attributes": {"city": "Graz"}}),
        ({"attributes": None}, {"attributes": {}}),
    ],
)
def test_field_left_out_stays_and_null_removes(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    changed = after(upsert(**fields))
    names = ("email", "address_hash", "phone", "zone", "active", "groups", "consent", "attributes", "deleted")
    assert {name: getattr(changed, name) for name in names} == {
        **{name: getattr(ANN, name) for name in names},
        **expected,
    }
    assert changed.revision == 8


def test_active_null_is_active_again() -> None:
    assert after(upsert(active=None), after(upsert(active=False))).active


@pytest.mark.parametrize(
    "change",
    [
        upsert(),
        upsert(phone="+43 1", groups=["vip", "news"], consent={"news": True}, attributes={"score": 1, "none": None}),
        SetConsent("news", True),
        Regroup(frozenset({"vip"}), frozenset({"other"})),
        SetAttributes({"score": 1}),
        Resuppress(),
    ],
)
def test_change_that_changes_nothing_gives_the_same_object(change: Change) -> None:
    assert apply(ANN, change, NOTHING) is ANN


def test_true_is_not_one() -> None:
    assert after(SetAttributes({"score": True})).attributes["score"] is True


def test_removal_wins_over_addition() -> None:
    assert after(Regroup(frozenset({"a", "b"}), frozenset({"b", "vip"}))).groups == ("a", "news")


def test_erasure_leaves_id_partition_and_the_next_revision() -> None:
    assert after(Erase()) == StoredContact("demo", "c-1", 3, revision=8)
    assert apply(after(Erase()), Erase(), NOTHING) == after(Erase())


def test_erased_contact_that_comes_again_starts_empty_and_goes_on_counting() -> None:
    again = after(upsert(phone="1"), after(Erase()))
    assert again == StoredContact("demo", "c-1", 3, revision=9, deleted=False, phone="1")


@pytest.mark.parametrize("change", [SetConsent("a", True), Regroup(frozenset(), frozenset()), SetAttributes({"a": 1})])
@pytest.mark.parametrize("before", [NOBODY, after(Erase())])
def test_only_an_upsert_makes_a_contact(change: Change, before: StoredContact) -> None:
    assert apply(before, change, NOTHING) is Refused.UNKNOWN


def test_suppression_follows_the_address_and_the_contact() -> None:
    by_address, by_id = Suppressed(addresses=frozenset({("demo", b"ann")})), Suppressed(frozenset({("demo", "c-1")}))
    assert after(Resuppress(), suppressed=by_address).suppressed
    assert after(upsert(b"ann", email="ann@example.com"), NOBODY, by_address).suppressed
    assert not after(
        upsert(b"new", email="new@example.com"), after(Resuppress(), suppressed=by_address), by_address
    ).suppressed
    assert after(Erase(), suppressed=by_id).suppressed
    assert not after(Erase(), after(Resuppress(), suppressed=by_address), by_address).suppressed
    assert not Suppressed(frozenset({("other", "c-1")}), frozenset({("other", b"ann")})).covers(ANN)


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        ({"x": "y" * MAX_BYTES}, Refused.TOO_LARGE),
        ({"x": "\0"}, Refused.NOT_JSON),
        ({"x": 10**30}, Refused.NOT_JSON),
        ({"x": float("nan")}, Refused.NOT_JSON),
    ],
)
def test_value_that_cannot_be_kept_changes_nothing(values: dict[str, Any], refused: Refused) -> None:
    assert apply(ANN, SetAttributes(values), NOTHING) is refused


storable = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
values = st.one_of(st.none(), st.booleans(), st.integers(-100, 100), storable)
upserts = st.fixed_dictionaries(
    {},
    optional={
        "phone": st.sampled_from([None, "1", "2"]),
        "active": st.sampled_from([None, True, False]),
        "groups": st.none() | st.lists(st.sampled_from(["a", "b", "c"])),
        "consent": st.none() | st.dictionaries(st.sampled_from(["x", "y"]), st.sampled_from([None, True, False])),
        "attributes": st.none() | st.dictionaries(st.sampled_from(["k", "l"]), values),
    },
).map(lambda fields: Upsert(ContactGiven.model_validate({"id": "c-1", **fields})))
changes = st.one_of(
    upserts,
    st.just(Erase()),
    st.builds(SetConsent, st.sampled_from(["x", "y"]), st.booleans()),
    st.builds(SetAttributes, st.dictionaries(st.sampled_from(["k", "l"]), values)),
)


@given(st.lists(changes, max_size=12))
def test_every_change_applies_once_and_the_revision_counts_the_differences(history: list[Change]) -> None:
    contact = NOBODY
    for change in history:
        result = apply(contact, change, NOTHING)
        if isinstance(result, Refused):
            continue
        assert result.revision - contact.revision == (result is not contact)
        assert apply(result, change, NOTHING) is result
        assert None not in result.attributes.values() and None not in result.consent.values()
        contact = result
    assert contact.published() is None if contact.deleted else contact.published() is not None
