"""What console reads from the environment: where the services are."""

from collections.abc import Mapping
from typing import ClassVar

from console.domain.owners import SERVICES
from runtime.settings import Settings


class ConsoleSettings(Settings):
    needs: ClassVar[tuple[str, ...]] = tuple(f"{service}_url" for service in SERVICES)

    @property
    def addresses(self) -> Mapping[str, str]:
        """By service."""
        return {service: getattr(self, f"{service}_url") for service in SERVICES}
