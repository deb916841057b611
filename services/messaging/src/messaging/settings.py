"""What messaging reads beside the settings of every service."""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from messaging.domain.provider import Patience, Provider
from messaging.domain.webhooks import Secrets
from runtime.settings import Key, Settings, Url


class MessagingSettings(Settings):
    """Without an SMTP URL the e-mail channel is not configured: e-mails stay planned."""

    needs: ClassVar[tuple[str, ...]] = (*Settings.needs, "link_key", "public_url")

    link_key: Key = Field(
        "",
        description="Signs the links in messages, which do not expire: kept for ever, and nobody else's. At least 32 "
        "characters.",
    )
    public_url: Url = Field(
        "",
        max_length=200,
        description="Where recipients reach console, `https://slipway.example`: unsubscribe links begin with it.",
    )

    delivery_secrets: str = Field(
        "",
        repr=False,
        description="Who may report what became of mails, `name:whsec_<base64>,…`: with the secret each signs its "
        "`POST /v1/deliveries/{name}` (Standard Webhooks). A name may stand twice, to change its secret.",
    )

    smtp_url: str = Field(
        "",
        repr=False,
        description="The mail provider: `smtp://host:25`, `starttls://user:password@host:587` or "
        "`smtps://user:password@host:465`. Empty: no e-mail goes out, sends stay planned.",
    )
    smtp_connections: int = Field(
        50, ge=1, le=500, description="SMTP sessions of one process at once; each hands over one mail after the other."
    )
    smtp_load: int = Field(
        4,
        ge=1,
        le=100,
        description="Mails that are put at the `dot` for one session at once, where the provider is fast: times the "
        "sessions, so many at most are `unknown` after a kill.",
    )
    smtp_connect_seconds: float = Field(10.0, gt=0, description="Longest wait for a session to be open.")
    smtp_command_seconds: float = Field(30.0, gt=0, description="Longest wait for the answer to a command.")
    smtp_answer_seconds: float = Field(
        300.0, gt=0, description="Longest wait for the answer to a message; without one the send is `unknown`."
    )
    smtp_idle_seconds: float = Field(30.0, gt=0, description="A session without mails is closed after this.")
    smtp_attempts: int = Field(12, ge=1, description="How often a mail is tried that the provider puts off (4xx).")
    smtp_retry_first_seconds: float = Field(5.0, gt=0, description="Pause after the first 4xx; it doubles.")
    smtp_retry_longest_seconds: float = Field(900.0, gt=0, description="Longest pause after a 4xx.")

    loop_sends: int = Field(
        100,
        ge=1,
        description="How often one contact may come to the same `send` step of a loop before the launch is held.",
    )
    contacts_lag_seconds: float = Field(
        60.0, gt=0, description="Marketing messages of a partition are held while it is further behind on contacts."
    )

    @model_validator(mode="after")
    def _smtp(self) -> Self:
        try:
            self.provider()
        except ValueError as error:
            raise ValueError(f"SLIPWAY_SMTP_URL: {error}") from None
        try:
            self.reporters()
        except ValueError as error:
            raise ValueError(f"SLIPWAY_DELIVERY_SECRETS: {error}") from None
        return self

    def reporters(self) -> Secrets:
        return Secrets(self.delivery_secrets)

    def provider(self) -> Provider | None:
        """None: not configured."""
        if not self.smtp_url:
            return None
        patience = Patience(self.smtp_connect_seconds, self.smtp_command_seconds, self.smtp_answer_seconds)
        return Provider.of(self.smtp_url, patience)
