"""A CRM's program that knows the documentation only: it gets its answer, whatever it sends."""

import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from e2e.slipway import Slipway

ROOT = Path(__file__).parents[2]
PLAIN = """
import runpy, sys
sys.modules["cramjam"] = None
runpy.run_path(sys.argv.pop(1), run_name="__main__")
"""
"""A CRM's machine has aiokafka and none of the packages that it takes for zstd, lz4 and snappy."""


@pytest.fixture
def project(slipway: Slipway) -> Slipway:
    slipway.until_ready()
    project = slipway.of(f"c{uuid.uuid4().hex[:10]}")
    project("project", "create", project.project or "")
    project("scenario", "push", str(Path(__file__).parent / "scenarios" / "plain.yaml"))
    project("scenario", "activate", "plain")
    return project


def crm(project: Slipway, key: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    kafka = project.status()["kafka"]
    program = str(ROOT / "examples" / "crm" / "launch.py")
    where = ["--kafka", kafka, "--project", str(project.project), *key]
    return subprocess.run(
        [sys.executable, "-c", PLAIN, program, *where, *arguments], capture_output=True, text=True, timeout=60
    )


def test_it_launches_and_hears_that_it_runs(project: Slipway) -> None:
    done = crm(project, project.key("process:start", "launch:preapproved"), "--scenario", "plain", "--all")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("com.slipway.launch.accepted.v1")


@pytest.mark.behaviour(8, 30)
def test_without_preapproval_it_hears_that_its_launch_waits_for_a_person(project: Slipway) -> None:
    done = crm(project, project.key("process:start"), "--scenario", "plain", "--all")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("com.slipway.launch.accepted.v1")
    assert '"awaiting_approval"' in done.stdout
    [launch] = project.json("launches")
    assert (launch["state"], launch["requested_at"]) == ("awaiting_approval", None)


@pytest.mark.parametrize(
    ("grants", "arguments", "said"),
    [
        (("process:start", "launch:preapproved"), ("--scenario", "nothing", "--all"), '"unknown_scenario"'),
        (("process:start", "launch:preapproved"), ("--scenario", "plain", "--group", "nobody"), '"unknown_group"'),
        (("view",), ("--scenario", "plain", "--all"), '"forbidden"'),
    ],
    ids=["unknown scenario", "unknown group", "no permission"],
)
def test_a_refusal_says_what_to_do(
    project: Slipway, grants: tuple[str, ...], arguments: tuple[str, ...], said: str
) -> None:
    done = crm(project, project.key(*grants), *arguments)
    assert done.returncode == 1, done.stdout + done.stderr
    assert said in done.stdout
    assert project.json("launches", "--state", "running") == []


def test_a_forged_command_is_answered(project: Slipway) -> None:
    key, secret = project.key("process:start", "launch:preapproved")[1::2]
    done = crm(project, ["--key", key, "--secret", secret + "x"], "--scenario", "plain", "--all")
    assert done.returncode == 1, done.stdout + done.stderr
    assert '"bad_signature"' in done.stdout
