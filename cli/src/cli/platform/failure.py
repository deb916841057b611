"""What stops the platform from starting, said so that a person knows what to do."""


class PlatformError(Exception):
    """`what` is wrong; `remedy` says what to do about it; `code` is the command's exit code."""

    code = 1

    def __init__(self, what: str, remedy: str = "", code: int | None = None) -> None:
        super().__init__(f"{what}: {remedy}" if remedy else what)
        self.what = what
        self.remedy = remedy
        self.code = code or type(self).code


class Misused(PlatformError):
    """The settings or options do not fit together."""

    code = 2


class Unreachable(PlatformError):
    """A process does not answer."""

    code = 3
