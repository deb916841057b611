"""What is measured, and how large."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    contacts: int
    mails: int
    """Contacts of the launches that send e-mails."""
    partitions: int
    executors: int
    rounds: int
    growth: tuple[int, ...]
    """Numbers of contacts that a launch is measured with."""
