"""What stops the platform from starting, said so that a person knows what to do."""


class PlatformError(Exception):
    """`what` is wrong; `remedy` says what to do about it."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what}: {remedy}" if remedy else what)
        self.what = what
        self.remedy = remedy


class Misused(PlatformError):
    """The settings or options do not fit together (exit code 2)."""
