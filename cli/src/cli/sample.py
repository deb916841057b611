"""Sample contacts for the demo and the benchmark: the same number always gives the same people."""

from collections.abc import Iterator
from typing import Any

FIRST = ("Ann", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gül", "Hugo", "Iris", "Jan", "Kim", "Lea", "Max", "Nora", "Óscar")
ZONES = ("Europe/Vienna", "Europe/London", "America/New_York", "Asia/Tokyo")


def sample_contacts(count: int) -> Iterator[dict[str, Any]]:
    """In every hundred: two inactive, three without an address, five without consent; every tenth is in group vip.

    All of them, and nobody else, are in `sample_group(count)`: larger and smaller samples may lie in one project.
    """
    everybody = sample_group(count)
    for number in range(count):
        hundredth = number % 100
        contact: dict[str, Any] = {
            "id": f"c-{number:07d}",
            "email": None if hundredth in (20, 40, 60) else f"c{number:07d}@example.com",
            "zone": ZONES[number % len(ZONES)],
            "active": hundredth not in (33, 66),
            "groups": ["vip", everybody] if number % 10 == 0 else [everybody],
            "consent": {"promotional": hundredth not in (11, 22, 44, 55, 77)},
            "attributes": {"first_name": FIRST[number % len(FIRST)], "score": number * 37 % 100},
        }
        yield contact


def sample_group(count: int) -> str:
    return f"sample-{count}"
