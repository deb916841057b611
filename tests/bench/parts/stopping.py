"""From the stop to the last mail that the provider took."""

import asyncio
import json
import time
from datetime import datetime
from pathlib import Path

from bench.figures import Measure, NotMeasured
from bench.ground import Ground, People
from bench.launches import begin, end, measure_of
from bench.moments import last_reply, of_launch
from bench.options import Options
from bench.parts.mailing import MAILED

PATIENCE = 120.0


def measure(people: People, options: Options) -> list[Measure]:
    """In the middle: when a tenth of the mails has gone."""
    after_reply, after_command, gone = [], [], []
    for _ in range(options.rounds):
        place = _ledger(people.ground).stat().st_size if _ledger(people.ground).exists() else 0
        launch_id = begin(people, "mail", MAILED)
        _await_mails(people.ground, place, options.mails // 10)
        people.ask("launch.stop", launch_id=launch_id)
        end(people, launch_id)
        times = _times(people.ground, place)
        if len(times) >= options.mails:
            continue  # all had gone before the stop came
        after_reply.append(max(times) - asyncio.run(last_reply(people.ground.kafka)))
        after_command.append(max(times) - asyncio.run(of_launch(people.ground.kafka, launch_id)).asked)
        gone.append(float(len(times)))
    if not gone:
        raise NotMeasured(f"{options.mails} mails are over before they can be stopped: give --mails more")
    of = measure_of(options.mails)
    return [
        of("stop", after_reply, "s"),
        of("stop_from_command", after_command, "s"),
        of("stop_mails_gone", gone, "mails"),
    ]


def _await_mails(ground: Ground, place: int, count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(_times(ground, place)) < count:
        if time.monotonic() > deadline:
            raise RuntimeError(f"no {count} mails within {PATIENCE:g} s")
        time.sleep(0.02)


def _times(ground: Ground, place: int) -> list[float]:
    """Seconds since the epoch of each mail that the sink accepted, from that place of its ledger on."""
    if not _ledger(ground).exists():
        return []
    with _ledger(ground).open("rb") as file:
        file.seek(place)
        whole, _, _ = file.read().rpartition(b"\n")
    return [datetime.fromisoformat(json.loads(line)["at"]).timestamp() for line in whole.splitlines()]


def _ledger(ground: Ground) -> Path:
    return ground.home / "mails.jsonl"
