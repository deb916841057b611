"""The two ways in which a machine fails. A business refusal is neither: it is a value with a reason."""


class Permanent(Exception):
    """This record can never be handled, however often it is tried: it is parked with this message as the reason."""


class Transient(Exception):
    """The world is in the way (network, database, broker): roll back, pause the partition, try again for ever."""


class Unsupported(Exception):
    """A record newer than this code: the partition stops, not ready, until newer code runs. Never parked."""


class Fenced(Exception):
    """Another process owns this partition number now; what this one was doing is rolled back."""
