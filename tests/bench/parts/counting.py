"""What a count takes, from the request to the answer: of everybody, of a group, of a condition on an attribute."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from bench.figures import Measure
from bench.ground import People
from bench.launches import EVERYBODY, measure_of
from cli.sample import sample_group

ROUNDS = 5


def measure(people: People) -> Iterator[Measure]:
    """All of them judge consent; after launches, as everywhere else."""
    selections: dict[str, Mapping[str, Any]] = {
        "everybody": EVERYBODY,
        "group": {"kind": "groups", "groups": [sample_group(people.contacts)]},
        "attribute": {"kind": "segment", "where": "contact.attributes.score >= 50"},
    }
    of = measure_of(people.contacts)
    for name, participants in selections.items():
        yield of(f"growth_count_{name}", [_count(people, participants) for _ in range(ROUNDS)], "s")


def _count(people: People, participants: Mapping[str, Any]) -> float:
    with people.client() as client:
        began = time.perf_counter()
        counted = client.post("/v1/counts", {"scenario": "bench", "participants": participants})
        took = time.perf_counter() - began
    if not counted["token"]:
        raise RuntimeError(f"{participants} could not be counted: {counted['points']}")
    return took
