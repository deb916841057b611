"""What contacts reads from the environment beyond what every service reads."""

from typing import ClassVar

from pydantic import Field

from runtime import settings


class Settings(settings.Settings):
    needs: ClassVar[tuple[str, ...]] = (*settings.Settings.needs, "secret_key")

    targets_ahead: int | None = Field(
        None,
        ge=1000,
        description="Fan-out waits while executor has so many targeted contacts before it: a second or two of its work."
        " Without it 45000, or two chunks of 3000 for each partition.",
    )
