"""Who may report what became of mails, and how it is signed."""

from base64 import b64encode
from datetime import timedelta

import pytest

from messaging.domain.deliveries import Act
from messaging.domain.webhooks import Batch, Secrets, last, timely
from messaging.settings import MessagingSettings
from runtime.webhook_signing import sign
from unit.messaging.builders import NOON

KEY = b"0123456789abcdef0123456789abcdef"
OTHER = b"fedcba9876543210fedcba9876543210"


def secret(key: bytes = KEY) -> str:
    return "whsec_" + b64encode(key).decode()


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of its specification."""
    key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body, id, time = b'{"test": 2432232314}', "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330"
    assert Secrets(f"ses:{key}").signed("ses", id, time, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", body)


def test_only_who_is_configured_may_report_and_only_what_it_signed() -> None:
    secrets = Secrets(f"ses:{secret()},ses:{secret(OTHER)},mail:{secret(OTHER)}")
    good = sign(KEY, "m-1", "1", b"{}")
    assert secrets.signed("ses", "m-1", "1", f"v1,x v0,y {good}", b"{}")
    assert secrets.signed("ses", "m-1", "1", sign(OTHER, "m-1", "1", b"{}"), b"{}")
    for provider, id, time, signature, body in (
        ("mail", "m-1", "1", good, b"{}"),
        ("nobody", "m-1", "1", good, b"{}"),
        ("ses", "m-2", "1", good, b"{}"),
        ("ses", "m-1", "2", good, b"{}"),
        ("ses", "m-1", "1", good, b"[]"),
        ("ses", "m-1", "1", "", b"{}"),
        ("ses", "m-1", "1", "v1,ü", b"{}"),
    ):
        assert not secrets.signed(provider, id, time, signature, body)
    assert not Secrets().signed("", "", "", sign(b"", "", "", b""), b"")


@pytest.mark.parametrize(
    "text", ["ses", "ses:", "ses:whsec_", "ses:whsec_!!", f"ses:{secret(b'short')}", f":{secret()}"]
)
def test_a_wrong_secret_is_refused_at_the_start_and_never_shown(text: str) -> None:
    with pytest.raises(ValueError, match="SLIPWAY_DELIVERY_SECRETS") as caught:
        MessagingSettings(delivery_secrets=text)
    assert secret()[6:] not in str(caught.value) and secret() not in repr(MessagingSettings(delivery_secrets=""))


def test_what_is_older_than_five_minutes_is_late() -> None:
    now = int(NOON.timestamp())
    assert timely(str(now - 300), NOON) and timely(str(now + 300), NOON)
    for wrong in (str(now - 301), str(now + 301), "", "-1", "1e9", "٣", "9" * 40):
        assert not timely(wrong, NOON)
    assert timely(str(now), NOON + timedelta(seconds=299))


def test_an_event_names_its_message_and_a_soft_bounce_changes_nothing() -> None:
    events = [
        {"ref": "r", "event": "bounced", "hard": False},
        {"ref": "r", "event": "bounced"},
        {"launch_id": "l", "contact_id": "c", "step": "s", "event": "complained", "at": "whenever", "more": 1},
    ]
    assert [told.act for told in Batch.model_validate({"events": events}).events] == [None, Act.BOUNCE, Act.COMPLAIN]
    for wrong in (
        {"event": "bounced"},
        {"ref": "r", "event": "opened"},
        {"ref": "r", "event": "bounced", "detail": "\0"},
    ):
        with pytest.raises(ValueError):
            Batch.model_validate({"events": [wrong]})


def test_reports_follow_one_another_in_one_order() -> None:
    assert last([Act.COMPLAIN, Act.DELIVER, Act.COMPLAIN, Act.BOUNCE]) == [Act.DELIVER, Act.BOUNCE, Act.COMPLAIN]
