"""How long a page of an audience may be: conditions that are evaluated contact by contact may take a millisecond each,
and a page is one transaction, which PostgreSQL ends when it hears nothing for ten seconds."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from contacts.domain.audience import page_size
from contacts.ports import Walk

PAGE_SECONDS = 2.0
FIRST_AT_MOST = 4_000
"""Contacts of a page while nothing is known of how long they take."""


class Pace:
    """Of the launches that this process walks."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        """That a contact of the last page took, also if that came to nothing."""

    def limit(self, walk: Walk, partitions: int) -> int:
        """Contacts of the next page."""
        seconds = self._seconds.get(walk.launch_id)
        fits = max(1, int(PAGE_SECONDS / seconds)) if seconds else FIRST_AT_MOST
        return min(page_size(walk.targeted, partitions), fits)

    @contextmanager
    def measured(self, launch_id: str, limit: int) -> Iterator[None]:
        """Around the making of a page of so many contacts."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._seconds[launch_id] = (time.monotonic() - began) / limit

    def forget(self, launch_id: str) -> None:
        self._seconds.pop(launch_id, None)
