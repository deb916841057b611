"""Count tokens, real and fake: the same contract."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.counting import FakeCountTokens, figures
from fakes.transaction import NOON
from launcher.adapters.count_tokens import MOST, SignedCountTokens
from launcher.domain.counting import Basis, MessageFigures, Reach, basis_of
from launcher.domain.refusals import Denied
from launcher.ports import CountTokens
from runtime.tokens import Caller, InvalidToken, mint, verify
from unit.launcher.builders import request

KEY = "k" * 32
MESSAGE = MessageFigures("hello", "email", "promotional", 80, {"no_address": 10})
BASIS = basis_of(request(), 3, "ann", figures(100, no_consent=7, suppressed=3), [MESSAGE])


@pytest.fixture(params=[FakeCountTokens(), SignedCountTokens(KEY)], ids=["fake", "real"])
def tokens(request: pytest.FixtureRequest) -> CountTokens:
    made: CountTokens = request.param
    return made


def code(found: Basis | Denied) -> str:
    assert isinstance(found, Denied)
    return found.code


def test_a_count_is_read_as_it_was_made_for_fifteen_minutes(tokens: CountTokens) -> None:
    token, expires_at = tokens.mint(BASIS, NOON)
    assert expires_at == NOON + timedelta(minutes=15)
    assert tokens.read(token, "demo", expires_at - timedelta(seconds=1)) == BASIS
    assert code(tokens.read(token, "demo", expires_at + timedelta(seconds=1))) == "count_token_expired"


@pytest.mark.parametrize(("messages", "kept"), [(100, 100), (101, 0)])
def test_a_token_of_many_messages_is_not_too_long(messages: int, kept: int) -> None:
    skipped = dict.fromkeys(("not_permitted", "suppressed", "no_address", "no_consent"), 10**8)
    many = {f"{'s' * 60}{number:03}": Reach(10**8, skipped) for number in range(messages)}
    tokens = SignedCountTokens(KEY)
    token, _ = tokens.mint(replace(BASIS, messages=many), NOON)
    assert len(token) < MOST
    found = tokens.read(token, "demo", NOON)
    assert isinstance(found, Basis) and len(found.messages) == kept


def test_a_count_of_another_project_is_none(tokens: CountTokens) -> None:
    token, _ = tokens.mint(replace(BASIS, project="other"), NOON)
    assert code(tokens.read(token, "demo", NOON)) == "count_token_invalid"


def test_what_is_not_ours_is_none(tokens: CountTokens) -> None:
    for token in ("", "x", "a.b.c", "é" * 10_000):
        assert code(tokens.read(token, "demo", NOON)) == "count_token_invalid"


def test_a_count_signed_by_somebody_else_or_altered_is_none() -> None:
    ours = SignedCountTokens(KEY)
    forged, _ = SignedCountTokens("f" * 32).mint(BASIS, NOON)
    assert code(ours.read(forged, "demo", NOON)) == "count_token_invalid"
    head, body, signature = ours.mint(BASIS, NOON)[0].split(".")
    other = SignedCountTokens(KEY).mint(replace(BASIS, version=4), NOON)[0].split(".")[1]
    assert code(ours.read(".".join((head, other, signature)), "demo", NOON)) == "count_token_invalid"
    assert body != other


def test_a_count_opens_no_door_and_a_door_key_is_no_count() -> None:
    counted, _ = SignedCountTokens(KEY).mint(BASIS, NOON)
    with pytest.raises(InvalidToken):
        verify(counted, KEY, now=NOON.timestamp())
    door = mint(Caller("demo", "ann", frozenset({"view"})), KEY, now=NOON.timestamp())
    assert code(SignedCountTokens(KEY).read(door, "demo", NOON)) == "count_token_invalid"
