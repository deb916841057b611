"""`make bench`: end to end beside the limit, in one run on one platform.

Prints a table and writes `tests/bench/results/latest.jsonl`, a line per measure. Nothing is asserted here.
"""

import argparse
import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from rich.console import Console
from rich.table import Table

from bench.limit import Shape, contacts_per_second
from bench.measure import Meter
from cli.sample import sample_contacts
from e2e.slipway import Slipway

RESULTS = Path(__file__).parent / "results" / "latest.jsonl"
SCENARIOS = Path(__file__).parent
SINK = "cli.platform.sink"
"""The provider's side of a mail: not ours to count."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--partitions", type=int, default=8)
    parser.add_argument("--executors", type=int, default=2)
    parser.add_argument("--mails", type=int, default=20_000, help="contacts of the launches that send e-mails")
    parser.add_argument("--rounds", type=int, default=3, help="launches and limit runs, in turn; medians are shown")
    args = parser.parse_args()
    measures = run(args.contacts, args.mails, args.partitions, args.executors, args.rounds)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("".join(json.dumps(measure) + "\n" for measure in measures))
    table = Table(title=f"{args.contacts:,} contacts, {args.partitions} partitions, {args.executors} executors")
    for column in ("measure", "value", "unit"):
        table.add_column(column, justify="right" if column == "value" else "left")
    for measure in measures:
        digits = 3 if measure["value"] < 10 else 0
        table.add_row(measure["name"], f"{measure['value']:,.{digits}f}", measure["unit"])
    Console().print(table)


def run(contacts: int, mails: int, partitions: int, executors: int, rounds: int) -> list[dict[str, Any]]:
    with platform(partitions, executors) as slipway:
        status = slipway.status()
        project = _prepare(slipway, contacts, mails)
        key = project.key("process:start", "launch:preapproved")
        shape = Shape(status["kafka"], _database(status["postgres"]), contacts, partitions, executors)
        limits, launches, mailings = [], [], []
        for _ in range(rounds):
            limits.append(contacts_per_second(shape))
            launches.append(_launch(project, key, status["kafka"], contacts, "bench", "--all"))
            if mails:
                mailings.append(_launch(project, key, status["kafka"], mails, "mail", "--group", "mailed"))
        return _measures(contacts, limits, launches) + (_mail_measures(mails, mailings) if mails else [])


@contextmanager
def platform(partitions: int, executors: int) -> Iterator[Slipway]:
    """A platform of this run's own."""
    home = Path(tempfile.mkdtemp(prefix="slipway-bench-"))
    home.chmod(0o711)
    slipway = Slipway(home)
    try:
        settings = {"SLIPWAY_PARTITIONS": str(partitions)}
        slipway("up", "--detach", "--executors", str(executors), timeout=180, settings=settings)
        yield slipway
    finally:
        slipway("down", "--wipe", check=False, timeout=60)
        shutil.rmtree(home, ignore_errors=True)


def _prepare(slipway: Slipway, contacts: int, mails: int) -> Slipway:
    slipway("project", "create", "bench")
    project = slipway.of("bench")
    for key in ("bench", "mail"):
        project("scenario", "push", str(SCENARIOS / f"{key}.yaml"))
        project("scenario", "activate", key)
    everybody = (_launchable(contact, index < mails) for index, contact in enumerate(sample_contacts(contacts)))
    project("contacts", "import", project.write_contacts("bench.ndjson", everybody), timeout=600)
    return project


def _launchable(contact: dict[str, Any], mailed: bool) -> dict[str, Any]:
    """So that nobody is excluded."""
    groups = [*contact.get("groups", ()), *(["mailed"] if mailed else [])]
    facts = {"active": True, "consent": {"promotional": True}, "email": f"{contact['id']}@bench.example"}
    return {**contact, **facts, "groups": groups}


def _launch(
    project: Slipway, key: list[str], kafka: str, contacts: int, scenario: str, *participants: str
) -> dict[str, Any]:
    """One launch; seconds are between the brokers' and writers' time stamps on the records themselves."""
    with Meter(project.supervisor().pid) as meter:
        launch_id = project.json("crm", "launch", scenario, *participants, *key)["launch_id"]
        project("watch", launch_id, "--json", timeout=600)
        time.sleep(0.5)  # what is still written of it belongs to its cost
    began, first, ended = asyncio.run(_moments(kafka, launch_id))
    spent = meter.spent()
    return {
        "rate": contacts / (ended - began),
        "first_message": first - began,
        "cpu": {name: seconds * 1e6 / contacts for name, seconds in spent.items()},
        "rss": meter.resident,
        "rss_summed": meter.summed,
    }


async def _moments(kafka: str, launch_id: str) -> tuple[float, float, float]:
    """Seconds since the epoch: command appended, first message accepted, last outcome counted."""
    commands = await _times(kafka, "crm.commands", b"")
    accepted = await _times(kafka, "messaging.deliveries", launch_id.encode())
    figures = await _times(kafka, "log.launches", launch_id.encode())
    return max(commands), min(accepted), max(figures)


async def _times(kafka: str, topic: str, wanted: bytes) -> list[float]:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, max_partition_fetch_bytes=4 << 20)
    await consumer.start()
    try:
        await consumer._client.force_metadata_update()
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        begins = await consumer.beginning_offsets(partitions)
        for tp in partitions:
            consumer.seek(tp, begins[tp])
        times: list[float] = []
        left = {tp for tp in partitions if begins[tp] < ends[tp]}
        while left:
            for records in (await consumer.getmany(*left, timeout_ms=500)).values():
                times += [record.timestamp / 1000 for record in records if wanted in (record.key or b"")]
            left = {tp for tp in left if await consumer.position(tp) < ends[tp]}
        return times
    finally:
        await consumer.stop()


def _measure(name: str, values: list[float], unit: str, n: int) -> dict[str, Any]:
    return {"name": name, "value": median(values), "unit": unit, "n": n, "min": min(values), "max": max(values)}


def _measures(contacts: int, limits: list[float], launches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    measure = partial(_measure, n=contacts)
    rates = [launch["rate"] for launch in launches]
    processes = sorted({name for launch in launches for name in launch["cpu"]})
    return [
        measure("limit", limits, "contacts/s"),
        measure("end_to_end", rates, "contacts/s"),
        measure("end_to_end_of_limit", [rate / limit for rate, limit in zip(rates, limits, strict=True)], "ratio"),
        measure("cpu_per_contact", [sum(launch["cpu"].values()) for launch in launches], "µs"),
        *(measure(f"cpu_{name}", [launch["cpu"].get(name, 0.0) for launch in launches], "µs") for name in processes),
        measure("rss", [launch["rss"] / 1e6 for launch in launches], "MB"),
        measure("rss_summed", [launch["rss_summed"] / 1e6 for launch in launches], "MB"),
        measure("first_message", [launch["first_message"] for launch in launches], "s"),
    ]


def _mail_measures(mails: int, launches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    measure = partial(_measure, n=mails)
    costs = [{name: cost for name, cost in launch["cpu"].items() if name != SINK} for launch in launches]
    return [
        measure("mails", [launch["rate"] for launch in launches], "mails/s"),
        measure("cpu_per_mail", [sum(cost.values()) for cost in costs], "µs"),
        *(measure(f"mail_cpu_{name}", [cost.get(name, 0.0) for cost in costs], "µs") for name in sorted(costs[0])),
    ]


def _database(postgres: str) -> str:
    """Any database of the platform does for the limit's tables; executor's is as good as another."""
    return postgres.replace("{service}", "executor")


if __name__ == "__main__":
    main()
