"""The oracle on a real platform: a launch without a fault passes, and what is done to its dump is found."""

import asyncio
from dataclasses import replace

import pytest

from chaos.collect import collect
from chaos.oracle.judge import judge
from chaos.oracle.plain import Run
from chaos.rest import until_rest
from chaos.stage import Stage
from chaos.witnesses import Witnesses

CONTACTS = 100
PROJECT = "smoke"


@pytest.fixture(scope="module")
def run(made: Stage) -> Run:
    project = made.project(PROJECT, "two", CONTACTS)
    key = project.key("process:start", "launch:preapproved")
    with Witnesses(made.place, made.slipway.supervisor().pid) as seen:
        made.launch(project, key, "two")
        assert asyncio.run(until_rest(made.place, made.launches, patience=90)) == []
    return asyncio.run(collect(made.place, sightings=seen.sightings, samples=seen.samples))


def test_a_launch_without_faults_keeps_every_promise(run: Run) -> None:
    assert [*map(str, judge(run))] == []


def test_there_was_something_to_judge(run: Run, made: Stage) -> None:
    mails = [mail for mail in run.mails if mail["rcpt"].startswith(f"{PROJECT}-")]
    assert len(mails) == CONTACTS + CONTACTS * 9 // 10
    assert made.launches[-1] in {sighting.launch_id for sighting in run.sightings} and run.samples
    for service, table in (("executor", "steps_asked"), ("messaging", "dotted"), ("log", "cursor_moved")):
        assert run.table(service, table), f"nobody witnessed {table} of {service}"


def test_a_mail_taken_from_the_ledger_is_missed(run: Run) -> None:
    assert {found.check for found in judge(replace(run, mails=run.mails[1:]))} == {"provider_and_deliveries_agree"}
