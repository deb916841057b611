"""`launcher.ports.Conditions` without contacts.

```python
with conditions.saying(point):
    ...                       # what every question gets; conditions.asked has the questions
```
"""

from collections.abc import Iterator
from contextlib import contextmanager

from contracts.checks import Point
from launcher.domain.expressions import Written
from launcher.domain.parties import Asker


class FakeConditions:
    def __init__(self) -> None:
        self._points: tuple[Point, ...] = ()
        self.asked: list[Written] = []

    @contextmanager
    def saying(self, *points: Point) -> Iterator[None]:
        self.asked.clear()
        self._points = points
        yield
        self._points = ()

    async def mistaken(self, asker: Asker, written: Written) -> list[Point]:
        self.asked.append(written)
        return list(self._points)
