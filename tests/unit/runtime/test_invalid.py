"""What is not allowed is told in words, without the patterns and tokens of whoever found it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, ValidationError, field_validator

from runtime.invalid import PATTERNS, in_words

ROOT = Path(__file__).parents[3]
OPENAPI = ROOT / "services/console/src/console/openapi.json"


def patterns(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        if isinstance(pattern := document.get("pattern"), str):
            yield pattern
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            yield from patterns(part)


def test_every_pattern_of_a_route_and_of_a_setting_has_words() -> None:
    sources = [path.read_text() for folder in ("shared", "services") for path in (ROOT / folder).rglob("*.py")]
    written = {found for source in sources for found in re.findall(r'pattern=r"([^"]*)"', source)}
    shown = set(patterns(json.loads(OPENAPI.read_text())))
    assert len(written) > 10 and shown
    assert written | shown <= PATTERNS.keys()


class One(BaseModel):
    kind: Literal["one"]


class Two(BaseModel):
    kind: Literal["two"]


class Given(BaseModel):
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")] = "a"
    of: Annotated[One | Two, Field(discriminator="kind")] = One(kind="one")
    even: int = 0
    role: Literal["viewer", "marketer"] = "viewer"
    since: AwareDatetime | None = None
    on: bool = False
    share: Annotated[float, Field(gt=0, le=1)] = 1
    steps: Annotated[dict[str, int], Field(max_length=2)] = {}
    groups: Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=3)]], Field(max_length=2)] = []

    @field_validator("even")
    @classmethod
    def _even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("is odd")
        return value


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"name": "Ü"},
            "write 1 to 63 lower-case letters, digits, _ and -, not beginning with",
        ),
        ({"of": {"kind": "three"}}, "'kind' is one of 'one', 'two', not three"),
        ({"of": {}}, "'kind' is missing"),
        ({"of": 3}, "an object is meant"),
        ({"even": 3}, "is odd"),
        ({"even": "two"}, "write a whole number"),
        ({"even": 2.5}, "write a whole number"),
        ({"role": "markter"}, "write 'viewer' or 'marketer'"),
        ({"since": "yesterday"}, "write a time, such as 2026-11-22T09:30:00Z"),
        ({"since": "2026-11-22T09:30:00"}, "write a time with its zone"),
        ({"on": "perhaps"}, "write true or false"),
        ({"on": None}, "write true or false"),
        ({"share": "much"}, "write a number"),
        ({"share": 0}, "write more than 0"),
        ({"share": 2}, "write 1.0 or less"),
        ({"groups": "vip"}, "a list is meant"),
        ({"groups": [3]}, "write a text"),
        ({"groups": [""]}, "write at least 1 character"),
        ({"groups": ["vips"]}, "write at most 3 characters"),
        ({"groups": ["a", "b", "c"]}, "at most 2 are allowed, not 3"),
        ({"steps": {"a": 1, "b": 2, "c": 3}}, "at most 2 are allowed, not"),
        ({"name": "\ud800"}, "half a surrogate pair is no text"),
    ],
)
def test_what_a_model_refuses_is_said_in_words(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Given.model_validate(given)
    [problem] = refused.value.errors()
    assert in_words(problem).startswith(told)
