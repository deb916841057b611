"""More and fewer processes while launches run."""

import time

from chaos.case import Case
from chaos.trial import trial

COURSE = (6, 2)


@trial(
    fault=f"executors {' → '.join(map(str, (1, *COURSE)))} during launches",
    holds="base, what is sent to one contact in order; nothing unknown",
)
def executors_scaled(case: Case) -> None:
    with case.platform(contacts=10_000, settings={"SLIPWAY_PARTITIONS": "8"}) as ground:
        for count in COURSE:
            ground.keep_busy(10_000)
            began = time.monotonic()
            with case.fault():
                ground.made.slipway("scale", f"executor={count}", timeout=180)
                ground.until_ready()
            case.figure(f"to {count} s", time.monotonic() - began)
            case.claim(ground.coming(), "it was not in the middle of a launch")
            case.claim(len(ground.pids("executor")) == count, f"there are {ground.pids('executor')}")
        case.rest(ground)
        case.claim(case.finding.unknown == 0, f"{case.finding.unknown} are unknown")
