"""Settings say what is missing and what to do, and give nothing secret away."""

import pytest

from runtime.settings import Settings

GIVEN = {
    "SLIPWAY_KAFKA": "127.0.0.1:9092",
    "SLIPWAY_POSTGRES": "postgresql://slipway:hunter2@127.0.0.1/{service}",
    "SLIPWAY_TOKEN_KEY": "t" * 32,
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as refused:
        Settings.read()
    assert refused.value.code == 2
    return capsys.readouterr().err


def test_defaults_are_those_of_production(environment: pytest.MonkeyPatch) -> None:
    settings = Settings.read()
    assert (settings.mode, settings.partitions, settings.http_host, settings.http_port) == (
        "production",
        8,
        "127.0.0.1",
        0,
    )
    assert settings.database("executor") == "postgresql://slipway:hunter2@127.0.0.1/executor"


def test_a_missing_setting_is_named_with_its_meaning(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.delenv("SLIPWAY_KAFKA")
    assert "SLIPWAY_KAFKA is not set. Bootstrap servers" in refusal(capsys)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SLIPWAY_PARTITIONS", "many", "SLIPWAY_PARTITIONS: write a whole number"),
        ("SLIPWAY_MODE", "debug", "SLIPWAY_MODE: write 'local' or 'production'"),
        ("SLIPWAY_POSTGRES", "postgresql://u:hunter2@h/executor", "must name the database as {service}"),
        ("SLIPWAY_FAILPOINT", "committed:kill:1", "refused in production mode"),
        ("SLIPWAY_KAFKA_SECURITY_PROTOCOL", "SASL_SSL", "SLIPWAY_KAFKA_SASL_USERNAME"),
        ("SLIPWAY_TOKEN_KEY", "hunter2", "At least 32 characters"),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_do(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, said: str
) -> None:
    environment.setenv(name, value)
    message = refusal(capsys)
    assert said in message
    assert "hunter2" not in message


def test_a_failpoint_is_allowed_locally(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SLIPWAY_MODE", "local")
    environment.setenv("SLIPWAY_FAILPOINT", "committed:kill:1")
    assert Settings.read().failpoint == "committed:kill:1"


def test_secrets_do_not_show() -> None:
    settings = Settings(
        postgres="postgresql://u:hunter2@h/{service}",
        secret_key="hunter2" * 5,
        token_key="hunter2" * 5,
        kafka_sasl_password="hunter2",
    )
    assert "hunter2" not in repr(settings)


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
