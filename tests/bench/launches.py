"""One launch, measured from outside."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.figures import Measure, measured
from bench.ground import People
from bench.measure import Meter
from bench.moments import Moments, of_launch

EVERYBODY = {"kind": "all"}


@dataclass(frozen=True)
class Launched:
    contacts: int
    moments: Moments
    spent: Mapping[str, float]
    """Seconds of CPU by process name."""
    resident: int
    summed: int

    @property
    def rate(self) -> float:
        """Contacts per second, from the command to the last outcome counted."""
        return self.contacts / (self.moments.ended - self.moments.asked)

    @property
    def first_message(self) -> float:
        """Seconds."""
        return self.moments.first - self.moments.asked

    def cpu(self, *without: str) -> dict[str, float]:
        """µs per contact by process name."""
        return {name: seconds * 1e6 / self.contacts for name, seconds in self.spent.items() if name not in without}


def launch(people: People, scenario: str, participants: Mapping[str, Any], contacts: int) -> Launched:
    with Meter(people.ground.pid()) as meter:
        launch_id = begin(people, scenario, participants)
        end(people, launch_id)
    moments = asyncio.run(of_launch(people.ground.kafka, launch_id))
    return Launched(contacts, moments, meter.spent(), meter.resident, meter.summed)


def begin(people: People, scenario: str, participants: Mapping[str, Any]) -> str:
    """Returns when it is accepted."""
    answer = people.ask("launch.request", scenario=scenario, participants=participants, context={})
    return str(answer.data["launch_id"])


def end(people: People, launch_id: str) -> None:
    """Returns when it is over and told."""
    people.slipway("watch", launch_id, "--json", timeout=3_600, check=False)
    time.sleep(0.5)  # what is still written of it belongs to its cost


def cpu_measures(
    prefix: str, total: str, launches: list[Launched], measure: Callable[..., Measure], *without: str
) -> list[Measure]:
    """The sum, then its parts."""
    costs = [launch.cpu(*without) for launch in launches]
    names = sorted({name for cost in costs for name in cost})
    parts = ((name, [cost.get(name, 0.0) for cost in costs]) for name in names)
    return [
        measure(total, [sum(cost.values()) for cost in costs], "µs"),
        *(measure(f"{prefix}{name}", values, "µs") for name, values in parts if max(values) > 0),
    ]


def measure_of(n: int) -> Callable[..., Measure]:
    def measure(name: str, values: list[float], unit: str, **more: Any) -> Measure:
        return measured(name, values, unit, n, **more)

    return measure
