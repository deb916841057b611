"""Alerts ask for metrics that there are, and each has its runbook; runbooks name commands that there are."""

import re
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry

import contacts.app
import contacts.settings
import executor.app
import launcher.app
import launcher.settings
import log.app
import messaging.app
import messaging.settings
from cli.app import GROUPS, TOP_LEVEL
from messaging.adapters.metrics import PrometheusMeter
from runtime.metrics import StreamMetrics
from runtime.settings import Settings

ROOT = Path(__file__).parents[3]
RUNBOOKS = ROOT / "docs" / "operations" / "runbooks"
RULES = [
    rule
    for group in yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
SECTIONS = ["Symptom", "What it means", "Look at", "Do", "Do not"]
COMMANDS = {name for table in (TOP_LEVEL, GROUPS) for names in table.values() for name in names}


def metrics() -> dict[str, set[str]]:
    """Every metric that a process shows, with its labels beside those of the scrape."""
    registry = CollectorRegistry()
    StreamMetrics("test", registry)
    meter = PrometheusMeter(registry)
    found = {"up": {"job", "instance"}}
    for name, collector in registry._names_to_collectors.items():
        found[name] = set(getattr(collector, "_labelnames", ()))
    secret = "s" * 32
    services = [
        contacts.app.build(contacts.settings.Settings(secret_key=secret)),
        executor.app.build(Settings()),
        launcher.app.build(launcher.settings.Settings(secret_key=secret)),
        log.app.build(Settings()),
        messaging.app.build(messaging.settings.MessagingSettings(), meter=meter),
    ]
    for service in services:
        found |= {gauge.name: {"service", "partition"} for gauge in service.gauges}
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_metrics_and_labels_that_there_are(rule: dict[str, object]) -> None:
    known, expression = metrics(), str(rule["expr"])
    asked = set(re.findall(r"\b(?:slipway_\w+|up)\b", expression))
    assert asked and asked <= known.keys()
    labels = set().union(*(known[name] for name in asked)) | {"instance", "job"}
    named = re.findall(r"(\w+)=~?\"", expression)
    for listed in re.findall(r"(?:by|on) \(([^)]*)\)", expression):
        named += listed.split(", ")
    assert set(named) <= labels
    assert rule["labels"] in ({"severity": "page"}, {"severity": "ticket"})


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_has_a_runbook_with_every_section(rule: dict[str, dict[str, str]]) -> None:
    text = (ROOT / rule["annotations"]["runbook"]).read_text()
    assert text.startswith(f"# {rule['alert']}\n")
    assert [found.rstrip(".") for found in re.findall(r"^\*\*([^*]+)\*\*", text, re.MULTILINE)] == SECTIONS


def test_every_runbook_has_its_alert_and_stands_in_the_index() -> None:
    named = [Path(rule["annotations"]["runbook"]).name for rule in RULES]
    assert sorted(named) == sorted(file.name for file in RUNBOOKS.glob("*.md"))
    index = (RUNBOOKS.parent / "README.md").read_text()
    assert sorted(re.findall(r"\(runbooks/([\w-]+\.md)\)", index)) == sorted(named)


@pytest.mark.parametrize("file", sorted(RUNBOOKS.glob("*.md")), ids=lambda file: file.stem)
def test_a_runbook_names_commands_settings_and_pages_that_there_are(file: Path) -> None:
    text = file.read_text()
    assert set(re.findall(r"`slipway ([a-z]+)", text)) <= COMMANDS
    settings = (file.parents[1] / "settings.md").read_text()
    for name in re.findall(r"`(SLIPWAY_\w+)`", text):
        assert f"`{name}`" in settings, name
    for link in re.findall(r"\]\(([^)#]+)", text):
        assert (file.parent / link).is_file(), link
