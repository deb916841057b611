"""Launches that are stopped at any moment of their life."""

import os
import time
from collections import Counter

from chaos.case import Case
from chaos.direct import Direct
from chaos.oracle.plain import Run
from chaos.trial import trial

STOPS = int(os.environ.get("STOPS", "100"))
CONTACTS = 2_000
ACKNOWLEDGED = 1.0
LONGEST = 2.0
"""What one of a hundred may take where the processes of a whole platform share two cores."""


@trial(
    fault=f"a launch of {CONTACTS} stopped at a random moment of its life, {STOPS} times (STOPS)",
    holds="base; nothing starts behind the gates; acknowledged within 1 s; the figures shown equal the rows",
)
def stopped_at_random(case: Case) -> None:
    with case.platform(contacts=CONTACTS, scenario="stop") as ground, Direct(ground) as direct:
        life = _undisturbed(direct)
        waited = []
        for _ in range(STOPS):
            launch = direct.launch("stop")
            direct.until_requested(launch)
            time.sleep(case.chance.uniform(0, life))
            with case.fault():
                waited.append(direct.stop(launch))
        run = case.rest(ground)
        ends = Counter(direct.state(launch) for launch in ground.made.launches)
        case.figure("life of a launch s", life)
        case.figure("stopped before the end", ends["stopped"])
        case.figure("slowest acknowledgement s", max(waited))
        case.claim(ends["stopped"] >= STOPS / 2, f"hardly any was stopped on its way: {ends}")
        late = sorted(took for took in waited if took > ACKNOWLEDGED)
        case.claim(len(late) <= STOPS / 100 and max(waited) <= LONGEST, f"late acknowledgements: {late}")
        for launch in ground.made.launches:
            _equal(case, run, launch, direct)


def _undisturbed(direct: Direct) -> float:
    """Seconds that a launch lives (the second one: the first warms everything up)."""
    for _ in range(2):
        launch = direct.launch("stop")
        direct.until_requested(launch)
        began = time.monotonic()
        direct.until_ended(launch)
    return time.monotonic() - began


def _equal(case: Case, run: Run, launch: str, direct: Direct) -> None:
    rows = Counter(row["outcome"] for row in run.table("log", "outcome") if row["launch_id"] == launch)
    figures = direct.figures(launch)
    shown = {name: figures[name] for name in ("success", "failure", "abandon", "other") if figures[name]}
    case.claim(shown == rows, f"{launch} shows {shown}, there are {dict(rows)}")
    case.claim(figures["targeted"] == CONTACTS, f"{launch} shows {figures['targeted']} targeted")
