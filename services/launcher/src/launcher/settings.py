"""launcher's settings: those of every service, and the local administrator's token."""

from typing import ClassVar

from pydantic import Field

from runtime.settings import Settings as RuntimeSettings


class Settings(RuntimeSettings):
    needs: ClassVar[tuple[str, ...]] = (*RuntimeSettings.needs, "secret_key")

    admin_token: str = Field(
        "",
        repr=False,
        pattern=r"^(admin\.\S{32,})?$",
        description="`admin.<secret>`, the administrator of a local platform; has no effect in production mode.",
    )

    @property
    def administrator(self) -> str | None:
        """The token that opens everything; None where nobody may have one."""
        return self.admin_token if self.mode == "local" and self.admin_token else None
