"""Launches that overlap: each contact has one instance, and is refused in the other with its reason."""

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from e2e.look import Launch
from e2e.slipway import Slipway

MANY = 30
RUNS, ONCE = ("other", "not_started:recurrence_running"), ("other", "not_started:recurrence_once")


@pytest.mark.behaviour(13)
def test_two_launches_at_the_same_time_start_each_contact_once(slipway: Slipway) -> None:
    slipway.until_ready()
    here = slipway.with_mailing(f"l{uuid.uuid4().hex[:10]}", MANY)
    names = [f"{here.project}-{number}" for number in range(MANY)]
    halves = names[: 2 * MANY // 3], names[MANY // 3 :]
    ask = [[part for name in half for part in ("--contact", name)] for half in halves]

    with ThreadPoolExecutor(2) as people:
        asked = [people.submit(here.json, "launch", "plain", *chosen, "--yes") for chosen in ask]
    launches = [str(answer.result()["launch_id"]) for answer in asked]

    for launch_id in launches:
        here("watch", launch_id)
    ended = [here.outcomes(launch_id) for launch_id in launches]
    for half, outcomes in zip(halves, ended, strict=True):
        assert set(outcomes) == set(half)
        assert set(outcomes.values()) <= {("success", "end:won"), ONCE}
    started = Counter(name for outcomes in ended for name, outcome in outcomes.items() if outcome != ONCE)
    assert started == Counter(names)
    assert here.mails_to(str(here.project)) == Counter(names)


@pytest.mark.behaviour(13)
def test_whoever_is_still_running_is_refused_and_may_again_after_that(slipway: Slipway) -> None:
    slipway.until_ready()
    here = slipway.with_contacts(f"k{uuid.uuid4().hex[:10]}", "silent", ("first", "second"))
    running = str(here.json("launch", "silent", "--contact", "first", "--yes")["launch_id"])
    with here.http() as http:
        here.until(lambda: Launch(http, running).at("pause"), "it waits")

        beside = str(here.json("launch", "silent", "--all", "--yes")["launch_id"])

        here.until(lambda: Launch(http, beside).at("pause") == {"second"}, "the other one waits")
        here.until(lambda: Launch(http, beside).outcomes() == {"first": RUNS}, "the one is refused")
        here("stop", running, "--no-wait")
        here.until(lambda: Launch(http, running).outcomes(), "it has ended")
        again = str(here.json("launch", "silent", "--contact", "first", "--yes")["launch_id"])
        here.until(lambda: Launch(http, again).at("pause") == {"first"}, "it runs again")
        for launch_id in (beside, again):
            here("stop", launch_id, "--no-wait")
