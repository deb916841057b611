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

    undecided_days: float = Field(
        7.0, gt=0, le=365, description="After so many days a launch that nobody has confirmed or approved is rejected."
    )
    expiry_seconds: float = Field(60.0, gt=0, le=3600, description="How often that is looked for.")
    drift_contacts: int = Field(
        10,
        ge=0,
        description="Approval is refused if the recount differs from the confirmed count by more contacts than this, "
        "and by more than `SLIPWAY_DRIFT_PERCENT` of it.",
    )
    drift_percent: float = Field(5.0, ge=0, description="See `SLIPWAY_DRIFT_CONTACTS`.")

    launches_per_hour: int = Field(
        600,
        ge=0,
        description="So many launches each user and each key may ask for in an hour, unless the key says other.",
    )

    @property
    def administrator(self) -> str | None:
        """The token that opens everything; None where nobody may have one."""
        return self.admin_token if self.mode == "local" and self.admin_token else None
