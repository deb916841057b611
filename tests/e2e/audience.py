"""An audience with every kind of contact, and what must become of each: worked out here, not asked of the code."""

from dataclasses import dataclass
from typing import Any

RESTRICTION = "contact.attributes.region == 'at'"
"""Of the user who creates the scenarios."""

KINDS: dict[str, tuple[dict[str, Any], str]] = {
    # kind: (what differs from a contact that gets everything, outcome reason in scenario `plain`)
    "good": ({}, "end:won"),
    "vip": ({"attributes": {"score": 90}}, "end:won"),
    "inactive": ({"active": False}, "not_started:inactive"),
    "foreign": ({"attributes": {"region": "de"}}, "not_started:not_permitted"),
    "nowhere": ({"attributes": {"region": None}}, "not_started:not_permitted"),
    "suppressed": ({}, "not_started:suppressed"),
    "addressless": ({"email": None}, "not_started:no_address"),
    "withdrawn": ({"consent": {"promotional": False}}, "not_started:no_consent"),
    "unasked": ({"consent": {}}, "not_started:no_consent"),
    "nameless": ({"attributes": {"first_name": None}}, "error:render"),
    # precedence: the first match decides
    "inactive-suppressed": ({"active": False}, "not_started:inactive"),
    "foreign-addressless": ({"attributes": {"region": "de"}, "email": None}, "not_started:not_permitted"),
    "suppressed-withdrawn": ({"consent": {}}, "not_started:suppressed"),
    "addressless-withdrawn": ({"email": None, "consent": {}}, "not_started:no_address"),
}
ODD_IDS = ("ä/ö", "a b", "100%", "x?y=z", "'; drop table contact; --", "日本", "c#1", '"quoted"')


@dataclass(frozen=True)
class Person:
    id: str
    kind: str

    @property
    def contact(self) -> dict[str, Any]:
        different = KINDS[self.kind][0]
        attributes = {"first_name": "Ann", "region": "at", "score": 10, **different.get("attributes", {})}
        return {
            "id": self.id,
            "email": f"{abs(hash_of(self.id))}@example.com",
            "groups": ["everybody"],
            "consent": {"promotional": True},
            **different,
            "attributes": {name: value for name, value in attributes.items() if value is not None},
        }

    @property
    def suppressed(self) -> bool:
        return self.kind.startswith("suppressed") or self.kind.endswith("suppressed")

    @property
    def plain(self) -> tuple[str, str]:
        """(outcome, reason) in scenario `plain`."""
        reason = KINDS[self.kind][1]
        outcome = {"end:won": "success", "error:render": "failure"}.get(reason, "other")
        return outcome, reason


def hash_of(text: str) -> int:
    """Stable across processes, unlike `hash`."""
    return int.from_bytes(text.encode()) % 10**12


def people(prefix: str, each: int) -> list[Person]:
    """`each` of every kind, and some with ids that need quoting."""
    regular = [Person(f"{prefix}-{kind}-{number}", kind) for kind in KINDS for number in range(each)]
    return regular + [Person(f"{prefix}{odd}", "good") for odd in ODD_IDS]
