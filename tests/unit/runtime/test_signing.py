"""The CRM's signature: as documented, exact, and judged by the broker's clock."""

import doctest
from pathlib import Path

import pytest

from runtime import signing
from runtime.signing import sign, timely, verify

SIGNED = ("cmd-1", "2026-01-02T03:04:05.678Z", "/crm/test", "com.slipway.launch.request.v1")
BODY = b'{"project":"demo","scenario":"welcome","participants":{"kind":"all"}}'
APPENDED = 1_767_323_045_678
"""2026-01-02T03:04:05.678Z"""


def test_the_documented_vectors_hold() -> None:
    assert doctest.testmod(signing).failed == 0
    crm = Path(__file__).parents[3] / "docs" / "crm.md"
    assert sign("whsec_test", *SIGNED, BODY) in crm.read_text(encoding="utf-8")


def test_what_was_signed_verifies() -> None:
    assert verify(sign("secret", *SIGNED, BODY), "secret", *SIGNED, BODY)


@pytest.mark.parametrize("changed", range(5))
def test_any_change_is_noticed(changed: int) -> None:
    parts = [*SIGNED, BODY]
    signature = sign("secret", *SIGNED, BODY)
    parts[changed] = BODY + b" " if changed == 4 else f"{parts[changed]!s}x"
    assert not verify(signature, "secret", *parts)  # type: ignore[arg-type]


def test_another_secret_does_not_verify() -> None:
    assert not verify(sign("secret", *SIGNED, BODY), "other", *SIGNED, BODY)


def test_one_of_several_signatures_is_enough_while_a_key_is_rotated() -> None:
    both = f"{sign('old', *SIGNED, BODY)} {sign('new', *SIGNED, BODY)}"
    assert verify(both, "old", *SIGNED, BODY)
    assert verify(both, "new", *SIGNED, BODY)
    assert not verify(both, "newest", *SIGNED, BODY)


@pytest.mark.parametrize("signatures", ["", " ", "v1,", "v1,é", "v2,AAAA", "v1 , x", "\x00"])
def test_nonsense_does_not_verify(signatures: str) -> None:
    assert not verify(signatures, "secret", *SIGNED, BODY)


def test_many_signatures_are_not_all_tried() -> None:
    assert not verify("v1,x " * 8 + sign("secret", *SIGNED, BODY), "secret", *SIGNED, BODY)


@pytest.mark.parametrize(
    ("time", "is_timely"),
    [
        ("2026-01-02T03:04:05.678Z", True),
        ("2026-01-02T03:09:05.678Z", True),
        ("2026-01-02T03:09:05.679Z", False),
        ("2026-01-02T02:59:05.678Z", True),
        ("2026-01-02T02:59:05.677Z", False),
        ("2026-01-02T05:04:05+02:00", True),
        ("2026-01-02T05:04:05.123456789+02:00", True),
        ("2026-01-02t03:04:05z", True),
        ("2026-01-02T05:04:05Z", False),
        ("2026-01-02T03:04:05", False),
        ("2026-01-02 03:04:05Z", False),
        ("2026-02-30T03:04:05Z", False),
        ("20260102T030405Z", False),
        ("0001-01-01T00:00:00+23:59", False),
        ("now", False),
        ("", False),
    ],
)
def test_a_command_is_timely_within_five_minutes_of_its_append(time: str, is_timely: bool) -> None:
    assert timely(time, APPENDED) is is_timely
