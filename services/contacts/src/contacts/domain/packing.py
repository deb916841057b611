"""Changes of contacts packed into records: one project and partition each, in order, no contact twice in one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from contracts.changes import ContactChange

MAX_CHANGES = 500
MAX_BYTES = 256 * 1024
_OVERHEAD = 256
"""Bytes of a change beside the contact, at most: id, revision, cause, names."""


@dataclass(frozen=True, slots=True)
class Made:
    """A change that was made (or that is only answered), and where it belongs."""

    project: str
    partition: int
    change: ContactChange
    size: int
    """Bytes of the contact as JSON."""


def pack(made: Iterable[Made]) -> Iterator[list[Made]]:
    """A contact's second change goes into a later record than its first: readers may take a record as one set."""
    open_: dict[tuple[str, int], _Box] = {}
    for each in made:
        place = (each.project, each.partition)
        box = open_.get(place)
        if box is not None and not box.takes(each):
            yield box.content
            box = None
        if box is None:
            box = open_[place] = _Box()
        box.put(each)
    yield from (box.content for box in open_.values())


class _Box:
    def __init__(self) -> None:
        self.content: list[Made] = []
        self._contacts: set[str] = set()
        self._bytes = 0

    def takes(self, made: Made) -> bool:
        return (
            len(self.content) < MAX_CHANGES
            and self._bytes + made.size + _OVERHEAD <= MAX_BYTES
            and made.change.contact_id not in self._contacts
        )

    def put(self, made: Made) -> None:
        self.content.append(made)
        self._contacts.add(made.change.contact_id)
        self._bytes += made.size + _OVERHEAD
