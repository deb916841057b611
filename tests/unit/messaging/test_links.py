"""References that leave the house with a message: nobody else can make or alter one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.domain.links import Links, Reference

KEY = "link-key-" + "k" * 32
LINKS = Links(KEY, "https://slipway.example/")
REFERENCE = Reference("acme", "c-1", "promotional", "launch-1", "hello", 1)


def test_a_reference_says_which_message_of_whom_and_what_may_be_withdrawn() -> None:
    assert LINKS.read(LINKS.token(REFERENCE)) == REFERENCE
    assert LINKS.url("a.b") == "https://slipway.example/u/a.b"
    assert REFERENCE.live and not REFERENCE._replace(mode="test").live


@given(st.text(min_size=1, max_size=128), st.integers(1, 10_000))
def test_any_contact_id_survives_in_plain_ascii(contact_id: str, occurrence: int) -> None:
    reference = REFERENCE._replace(contact_id=contact_id.encode(errors="replace").decode(), occurrence=occurrence)
    token = LINKS.token(reference)
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert LINKS.read(token) == reference


def test_no_character_of_it_can_be_altered() -> None:
    token = LINKS.token(REFERENCE)
    for place, letter in enumerate(token):
        for other in "AQgw09-_.~":
            if other != letter:
                assert LINKS.read(token[:place] + other + token[place + 1 :]) is None
        assert LINKS.read(token[:place]) is None
    assert LINKS.read(token + "A") is None


@pytest.mark.parametrize(
    "changed", [{"contact_id": "c-2"}, {"message_type": "newsletter"}, {"project": "other"}, {"occurrence": 2}]
)
def test_it_is_bound_to_contact_type_and_project(changed: dict[str, Any]) -> None:
    mac = LINKS.token(REFERENCE).partition(".")[2]
    forged = LINKS.token(REFERENCE._replace(**changed)).partition(".")[0]
    assert LINKS.read(f"{forged}.{mac}") is None


@pytest.mark.parametrize("token", ["", ".", "a.b", "ü.ü", "W10." + "A" * 22, "x" * 100_000])
def test_what_is_no_reference_is_none(token: str) -> None:
    assert LINKS.read(token) is None


def test_another_key_makes_other_references() -> None:
    assert Links(KEY + "x").read(LINKS.token(REFERENCE)) is None


def test_where_a_message_went_is_proven_of_this_message_alone() -> None:
    token, other = LINKS.token(REFERENCE), LINKS.token(REFERENCE._replace(contact_id="c-2"))
    proof = LINKS.proof(token, "Ann@Example.org")
    assert set(proof) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert LINKS.proven(token, "ann@example.ORG", proof)
    for wrong in ((token, "bob@example.org", proof), (other, "ann@example.org", proof), (token, "", ""),
                  (token, "änn@example.org", proof), (token, "ann@example.org", proof + "ä"),
                  (token, "ann@example.org", token.partition(".")[2])):  # fmt: skip
        assert not LINKS.proven(*wrong)
    assert not Links(KEY + "x").proven(token, "ann@example.org", proof)
