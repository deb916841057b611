"""What somebody has confirmed: said once, kept with the launch, and shown to whoever approves it."""

from dataclasses import asdict
from typing import Any

from contracts.launches import ScenarioVersion
from contracts.scenario import Scenario, SendStep
from launcher.domain.counting import Basis, Counted, Figures
from launcher.domain.graph import passed_by_all
from launcher.domain.launch import Launch


def messages(scenario: Scenario) -> list[dict[str, Any]]:
    """What the scenario may send, in the order of its steps."""
    return [
        {
            "step": name,
            "channel": step.send.channel,
            "message_type": step.send.message_type,
            "subject": step.send.subject,
        }
        for name, step in scenario.steps.items()
        if isinstance(step, SendStep)
    ]


def offer(scenario: Scenario) -> dict[str, Any]:
    """As JSON: what somebody has to know of a scenario who is about to start it."""
    return {
        "launch": scenario.launch,
        "recurrence": scenario.recurrence,
        "sender": scenario.sender.model_dump() if scenario.sender else None,
        "context": scenario.context,
        "messages": messages(scenario),
    }


def summary(launch: Launch, version: ScenarioVersion, counted: Basis | None, by: str, at: str) -> dict[str, Any]:
    """As JSON. `at`: RFC 3339. Figures are null where nobody has counted (a program's request without a token)."""
    sure = passed_by_all(version.body)
    return {
        "scenario": launch.scenario,
        "name": version.body.name,
        "version": version.version,
        "participants": launch.participants,
        "selected": launch.selected,
        "options": launch.options,
        "context": launch.context,
        "messages": [
            {**each, **_reach(counted, each["step"]), "at_most": each["step"] not in sure}
            for each in messages(version.body)
        ],
        "figures": shown(counted.figures) if counted else None,
        "confirmed_by": by,
        "confirmed_at": at,
    }


def _reach(counted: Basis | None, step: str) -> dict[str, Any]:
    reach = counted.messages.get(step) if counted else None
    return {"reached": reach and reach.reached, "skipped": reach and dict(reach.skipped)}


def recounted(counted: Counted, version: ScenarioVersion) -> dict[str, Any]:
    """As JSON: figures, and what each message reaches, as in a summary."""
    sure = passed_by_all(version.body)
    return {
        "figures": shown(counted.figures),
        "messages": [{**asdict(each), "at_most": each.step not in sure} for each in counted.messages],
    }


def confirmed_figures(launch: Launch) -> Figures | None:
    """Those that whoever confirmed has seen."""
    shown = (launch.summary or {}).get("figures")
    return Figures(shown["targeted"], shown["starting"], shown["excluded"]) if shown else None


def shown(figures: Figures) -> dict[str, Any]:
    """As JSON."""
    return {"targeted": figures.targeted, "starting": figures.starting, "excluded": dict(figures.excluded)}
