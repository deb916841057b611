"""What a segment's condition names, and whether a contact has such things."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from contacts.domain.attributes import LOOK_OVER, attribute_points, attributes_in
from contacts.domain.kinds import Path, kind_points
from contracts.changes import HOLDING, Contact
from contracts.checks import Point
from contracts.words import Severity
from runtime.did_you_mean import did_you_mean

FIELDS = frozenset(Contact.model_fields)
"""Of `contact`, as conditions see it."""


@dataclass(frozen=True, slots=True)
class SegmentFacts:
    """A condition that compiles, or why it does not."""

    broken: str | None = None
    name: str | None = None
    """What was given, if that looks like the name of a segment: it does not compile."""
    paths: frozenset[Path] = frozenset()
    """What it reads, each path in pieces."""
    in_sql: bool = True
    """False: it is evaluated contact by contact."""
    attributes: frozenset[str] = frozenset()
    """Names that contacts of the project have, of a sample; empty: there are none."""
    taken: Mapping[Path, frozenset[str]] = field(default_factory=dict)
    """Kinds of value (`runtime.cel_kinds`) that it takes what it reads for."""
    seen: Mapping[Path, Mapping[str, int]] = field(default_factory=dict)
    """Of attributes in `taken`: how many contacts of the sample have which kind there."""


def segment_points(facts: SegmentFacts, place: str) -> Iterator[Point]:
    if facts.broken is not None:
        remedy = f"This is no condition: {facts.broken}. Write one over `contact`, like contact.attributes.score > 50."
        if facts.name is not None:
            remedy = f"A condition is meant, and {facts.name} is a name: take the condition that is kept under it "
            remedy += f"(`GET /v1/segments/{facts.name}`), or write one, like contact.attributes.score > 50."
        yield Point(code="broken_condition", severity=Severity.ERROR, place=place, remedy=remedy)
        return
    for name in sorted({path[1] for path in facts.paths if len(path) > 1} - FIELDS):
        remedy = f"A contact has no `{name}`{did_you_mean(name, FIELDS) or '.'} Own fields are in contact.attributes."
        yield Point(code="unknown_variable", severity=Severity.ERROR, place=place, remedy=remedy)
    for path in sorted(path for path in facts.paths if len(path) > 2 and path[1] in FIELDS - HOLDING):
        remedy = f"`{'.'.join(path)}` is not known: `contact.{path[1]}` has no fields of its own, take it as it is."
        yield Point(code="unknown_variable", severity=Severity.ERROR, place=place, remedy=remedy)
    named = attributes_in(facts.paths)
    yield from attribute_points(named, facts.attributes, place, LOOK_OVER)
    yield from kind_points(facts.taken, facts.seen, place)
    if not facts.in_sql:
        remedy = "It is evaluated contact by contact: exact, but slower than comparisons of attributes with constants."
        yield Point(code="segment_slow", severity=Severity.WARNING, place=place, remedy=remedy)
