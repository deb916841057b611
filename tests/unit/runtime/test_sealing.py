"""Sealed secrets: readable with the key alone."""

import base64

import pytest

from runtime.sealing import SealBroken, seal, unseal

KEY = "k" * 32


def test_what_was_sealed_can_be_unsealed() -> None:
    assert unseal(seal("geheim äöü", KEY), KEY) == "geheim äöü"


def test_sealing_twice_gives_two_strings_that_hide_the_text() -> None:
    first, second = seal("secret", KEY), seal("secret", KEY)
    assert first != second
    assert b"secret" not in base64.urlsafe_b64decode(first)


def test_another_key_does_not_unseal() -> None:
    with pytest.raises(SealBroken, match="another SLIPWAY_SECRET_KEY"):
        unseal(seal("secret", KEY), "x" * 32)


@pytest.mark.parametrize("at", [0, 1, 13, -1])
def test_an_altered_seal_is_refused(at: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(seal("secret", KEY)))
    raw[at] ^= 1
    with pytest.raises(SealBroken):
        unseal(base64.urlsafe_b64encode(raw).decode(), KEY)


@pytest.mark.parametrize("sealed", ["", "AQ", "not base64!", "é"])
def test_nonsense_is_refused(sealed: str) -> None:
    with pytest.raises(SealBroken):
        unseal(sealed, KEY)


def test_an_empty_key_seals_nothing() -> None:
    with pytest.raises(SealBroken, match="SLIPWAY_SECRET_KEY is not set"):
        seal("secret", "")
