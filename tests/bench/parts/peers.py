"""Other ways of working, on servers of their own with nothing else on them: the same work per contact."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bench import limit
from bench.figures import Measure
from bench.launches import measure_of
from bench.measure import Meter
from bench.options import Options
from bench.peers import framework, polled
from bench.peers.crew import Ran, Shape, Way, run
from cli.platform.servers import Servers, running_servers

WAYS: Final[Mapping[str, tuple[Way, float]]] = {
    "limit": (limit.WAY, 1),
    "chunked": (framework.CHUNKED, 1),
    "batch": (framework.BATCH, 0.3),
    "naive": (framework.NAIVE, 0.02),
    "polled_batch": (polled.MANY, 0.3),
    "polled": (polled.ONE, 0.03),
}
"""What part of the contacts each is given: the slow ones would take minutes."""


def measure(options: Options) -> list[Measure]:
    home = Path(tempfile.mkdtemp(prefix="slipway-peers-"))
    home.chmod(0o711)
    measures = []
    try:
        with running_servers(home) as servers:
            _run(servers, limit.WAY, options.contacts, options)  # warms up
            for name, (way, part) in WAYS.items():
                contacts = max(100, int(options.contacts * part))
                rans = [_run(servers, way, contacts, options) for _ in range(options.rounds)]
                of = measure_of(contacts)
                measures.append(of("peer", [ran.rate for ran in rans], "contacts/s", of=name))
                measures.append(of("peer_cpu_per_contact", [sum(ran.cpu.values()) for ran in rans], "µs", of=name))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return measures


def _run(servers: Servers, way: Way, contacts: int, options: Options) -> Ran:
    postgres = servers.postgres.replace("{service}", "postgres")
    shape = Shape(servers.kafka, postgres, contacts, options.partitions, options.executors, way.chunk)
    return run(way, shape, Meter(os.getpid(), with_root=False))
