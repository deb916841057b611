"""Settings of messaging: what is wrong is said when it starts."""

import pytest

from messaging.settings import MessagingSettings


def test_without_a_url_no_provider_is_configured() -> None:
    assert MessagingSettings(smtp_url="").provider() is None


@pytest.mark.parametrize(
    ("url", "where", "security"),
    [
        ("smtp://mail.example", ("mail.example", 25), "none"),
        ("smtp://127.0.0.1:1025", ("127.0.0.1", 1025), "none"),
        ("starttls://mail.example", ("mail.example", 587), "starttls"),
        ("smtps://ann:s%40fe@mail.example", ("mail.example", 465), "tls"),
        ("smtp://ann:safe@mail.example:587", ("mail.example", 587), "starttls"),
    ],
)
def test_a_url_says_where_and_how_safely(url: str, where: tuple[str, int], security: str) -> None:
    provider = MessagingSettings(smtp_url=url).provider()
    assert provider is not None
    assert ((provider.host, provider.port), provider.security) == (where, security)


def test_user_and_password_are_decoded_and_never_shown() -> None:
    settings = MessagingSettings(smtp_url="smtps://ann:s%40fe@mail.example")
    provider = settings.provider()
    assert provider is not None
    assert (provider.user, provider.password) == ("ann", "s@fe")
    assert "fe@mail" not in repr(settings)
    assert "s@fe" not in repr(provider)


@pytest.mark.parametrize("url", ["http://mail.example", "mail.example:25", "smtp://", "smtp://mail.example:port"])
def test_a_wrong_url_is_refused_with_what_to_do(url: str) -> None:
    with pytest.raises(ValueError, match=r"SLIPWAY_SMTP_URL") as caught:
        MessagingSettings(smtp_url=url)
    assert "smtp://" in str(caught.value) or "Port" in str(caught.value)
