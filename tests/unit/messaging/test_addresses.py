"""What may be written into an SMTP command."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.domain.addresses import envelope_address


@pytest.mark.parametrize(
    "address",
    ["a@x.example", "first.last+tag@sub.x.example", "o'neil@x.example", "a@localhost", "1@1.example", "a@x-y.example"],
)
def test_an_ordinary_address_is_taken_as_it_is(address: str) -> None:
    assert envelope_address(address) == address


def test_a_domain_with_umlauts_becomes_ascii() -> None:
    assert envelope_address("info@bücher.example") == "info@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "@x.example",
        "a@",
        "a@x.example\r\nRCPT TO:<b@x.example>",
        "a\r\n@x.example",
        "a@x.example\n",
        "a b@x.example",
        "a@x .example",
        "<a@x.example>",
        "a@x.example>",
        '"a b"@x.example',
        "a@[127.0.0.1]",
        "ä@x.example",
        ".a@x.example",
        "a..b@x.example",
        "a@x..example",
        "a@-x.example",
        "a@x.example.",
        "a@x_y.example",
        "a\x00@x.example",
        "a" * 65 + "@x.example",
        "a@" + "x" * 64 + ".example",
        "a@" + "x." * 130 + "example",
        "a@b@x.example",
    ],
)
def test_anything_else_is_refused(address: str) -> None:
    assert envelope_address(address) is None


@given(st.text(max_size=80))
def test_what_is_taken_can_be_no_command(text: str) -> None:
    taken = envelope_address(text)
    assert taken is None or re.fullmatch(r"[\x21-\x3b\x3d\x3f-\x7e]{3,254}", taken)
