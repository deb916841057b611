"""A launch to one contact, started in the middle of a large one."""

import asyncio
import time

from bench.figures import Measure, NotMeasured
from bench.ground import People
from bench.launches import EVERYBODY, begin, end, measure_of
from bench.moments import of_launch
from bench.options import Options

PATIENCE = 120.0


def measure(people: People, options: Options) -> list[Measure]:
    waits = [wait for _ in range(options.rounds) if (wait := in_the_middle(people)) is not None]
    if not waits:
        raise NotMeasured(f"a launch of {people.contacts} is over before another can begin: give --contacts more")
    return [measure_of(people.contacts)("small_launch", waits, "s")]


def in_the_middle(people: People) -> float | None:
    """Seconds from the small one's command to its message; None if the large one was over by then."""
    large = begin(people, "bench", EVERYBODY)
    _await_a_tenth(people, large)
    small = begin(people, "bench", {"kind": "contacts", "contacts": [f"c-{people.contacts // 2:07d}"]})
    end(people, small)
    end(people, large)
    moments = asyncio.run(of_launch(people.ground.kafka, small))
    whole = asyncio.run(of_launch(people.ground.kafka, large))
    return moments.first - moments.asked if moments.first < whole.ended else None


def _await_a_tenth(people: People, launch_id: str) -> None:
    deadline = time.monotonic() + PATIENCE
    with people.client() as client:
        while True:
            figures = client.get_patiently(f"/v1/launches/{launch_id}/progress")
            if figures["success"] >= people.contacts // 10:
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"launch {launch_id} does not come to a tenth: {figures}")
            time.sleep(0.1)
