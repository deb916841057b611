"""What console reads from the environment: where the services are, and how much one may ask."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from console.domain.owners import SERVICES
from runtime.settings import Settings


class ConsoleSettings(Settings):
    needs: ClassVar[tuple[str, ...]] = tuple(f"{service}_url" for service in SERVICES)

    requests_per_second: float = Field(
        50,
        ge=1,
        description="HTTP requests of one key or user (without either: of one address) that each console answers; for"
        " a moment twice as many. More are answered 429 with `Retry-After`.",
    )

    @property
    def addresses(self) -> Mapping[str, str]:
        """By service."""
        return {service: getattr(self, f"{service}_url") for service in SERVICES}
