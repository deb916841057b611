"""Whether a partition knows of its contacts what was said of late: a withdrawal counts before a marketing message."""

from enum import StrEnum

TOPIC = "contacts.changes"


class Abreast(StrEnum):
    YES = "yes"
    NOT_YET = "not_yet"
    """Just taken: nothing is known, in a moment it will be. No message is handed over meanwhile."""
    BEHIND = "behind"
    """Marketing is held; administrative messages go out."""


def abreast(lag: float | None, owned: float, patience: float) -> Abreast:
    """`lag`: seconds, see `Lease.lag`; `owned`: for how long the number has been ours."""
    if lag is None:
        return Abreast.BEHIND if owned > patience else Abreast.NOT_YET
    return Abreast.BEHIND if lag > patience else Abreast.YES
