"""Which addresses are taken, and how they are recognised."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from contacts.domain.address import AddressHash, read_address


@given(
    st.from_regex(r"[A-Za-z0-9._+-]{1,70}@[A-Za-z0-9.-]{1,80}\.[A-Za-z]{1,8}", fullmatch=True)
    | st.emails()
    | st.text(max_size=20).map(lambda text: f"a{text}@example.com")
    | st.text(max_size=20).map(lambda text: f"a@{text}.com")
)
@example("a@b.local")
@example("a@b.test")
@example("a@-b.com")
@example("a@b-.com")
@example("a@xn--bcher-kva.de")
@example("a@x--y.com")
@example("a" * 64 + "@example.com")
@example("a" * 65 + "@example.com")
@example("a@" + "b" * 63 + ".com")
@example("a@" + "b" * 64 + ".com")
@example("a@" + "b." * 124 + "com")
@example("a@example.com\n")
@example("a..b@example.com")
def test_short_cut_and_validator_agree(address: str) -> None:
    try:
        valid = validate_email(address, check_deliverability=False, allow_smtputf8=False, test_environment=True)
        expected = valid.ascii_email
    except EmailNotValidError:
        expected = None
    assert read_address(address)[0] == expected


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example\r\nBcc: x@y.example",
        "a\n@b.example",
        "a@b.example\0",
        "a b@c.example",
        "<a@b.example>",
        "a@b",
        "ä@b.example",
        "@",
        "",
    ],
)
def test_bad_address_has_a_reason(address: str) -> None:
    read, reason = read_address(address)
    assert read is None and reason


def test_hash_knows_no_case_and_depends_on_project_and_secret() -> None:
    one, two = AddressHash("x" * 32), AddressHash("y" * 32)
    assert one("demo", "Ann@Example.com") == one("demo", "ann@example.COM ")
    assert len({one("demo", "a@b.example"), one("other", "a@b.example"), two("demo", "a@b.example")}) == 3
