"""I5 and I8: what `log.launches` says, at every moment and in the end."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise

from chaos.oracle.plain import Figures, Finding
from chaos.oracle.seen import NEVER_STARTED, Launch, Seen

OUTCOMES = ("success", "failure", "abandon", "other")
RISING = ("targeted", "started", "not_started", *OUTCOMES)


def figures_add_up(seen: Seen) -> Iterator[Finding]:
    """I5: in every record, targeted = outcomes + in progress, and the reasons add up to the outcomes."""
    for launch in seen.launches.values():
        for body in (figures.body for figures in launch.figures):
            ended = sum(body[name] for name in OUTCOMES)
            by_reason = body["by_reason"]
            never = sum(count for reason, count in by_reason.items() if reason.startswith(NEVER_STARTED))
            sums = {
                "targeted": (body["targeted"], ended + body["in_progress"]),
                "sum of reasons": (sum(by_reason.values()), ended),
                "not_started": (body["not_started"], never),
            }
            for name, (said, found) in sums.items():
                if said != found:
                    yield Finding(f"revision {body['revision']}: {name} is {said}, the parts give {found}", launch.id)


def figures_never_decrease(seen: Seen) -> Iterator[Finding]:
    """I5: targeted, started, not started and the outcomes only rise with the revision."""
    for launch in seen.launches.values():
        bodies = sorted((figures.body for figures in launch.figures), key=lambda body: int(body["revision"]))
        for before, after in pairwise(bodies):
            for name in RISING:
                if after[name] < before[name]:
                    step = f"revision {before['revision']} to {after['revision']}"
                    yield Finding(f"{name} falls from {before[name]} to {after[name]}, {step}", launch.id)


def figures_equal_rows(seen: Seen) -> Iterator[Finding]:
    """I5: the newest figures are the numbers of rows: outcomes and reasons in log, sends in messaging, targets."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    sends: dict[str, Counter[str]] = defaultdict(Counter)
    for row in seen.run.table("log", "outcome"):
        rows[row["launch_id"]][row["outcome"]] += 1
        reasons[row["launch_id"]][row["reason"]] += 1
    for row in seen.run.table("messaging", "send"):
        sends[row["launch_id"]][row["state"]] += 1
    for launch in seen.launches.values():
        if launch.last is None:
            continue
        body = launch.last.body
        counted = {"targeted": len(launch.targeted), "started": len(launch.started)}
        counted |= {name: rows[launch.id][name] for name in OUTCOMES}
        yield from _differences(launch, "", body, counted)
        for what, said, found in (
            ("reason ", body["by_reason"], reasons[launch.id]),
            ("delivery ", body["deliveries"], sends[launch.id]),
        ):
            both = {name: found.get(name, 0) for name in sorted(said.keys() | found.keys())}
            yield from _differences(launch, what, said, both)


def _differences(launch: Launch, what: str, said: Mapping[str, int], counted: Mapping[str, int]) -> Iterator[Finding]:
    for name, found in counted.items():
        if said.get(name, 0) != found:
            yield Finding(f"{what}{name} is {said.get(name, 0)} by the figures, {found} by the rows", launch.id)


def launches_end_once(seen: Seen) -> Iterator[Finding]:
    """I8: one end state per launch; whoever has all outcomes has one."""
    for launch in seen.launches.values():
        ends = sorted({figures.kind for figures in launch.figures if figures.is_end})
        if len(ends) > 1:
            yield Finding(f"ended as {' and '.join(ends)}", launch.id)
        elif not ends and launch.totals and launch.totals == {len(launch.told)}:
            yield Finding("has all its outcomes, and its end was never published", launch.id)


def the_end_comes_last(seen: Seen) -> Iterator[Finding]:
    """I8: the end says that nothing is open, and was first published after the last outcome was on the topic."""
    for launch in seen.launches.values():
        first = _first_end(launch)
        if first is None:
            continue
        ended = sum(first.body[name] for name in OUTCOMES)
        if ended < len(launch.targeted):
            yield Finding(f"was announced {first.kind} with {ended} of {len(launch.targeted)} outcomes", launch.id)
        for contact, told in launch.told.items():
            if told[0].timestamp > first.timestamp:
                late = told[0].timestamp - first.timestamp
                yield Finding(f"has an outcome {late} ms after the end", launch.id, contact)
    for sighting in seen.run.sightings:
        launch = seen.launches[sighting.launch_id]
        there = sum(told[0].offset < sighting.ends.get(told[0].partition, 0) for told in launch.told.values())
        if there < len(launch.told):
            yield Finding(f"its end was read when {there} of {len(launch.told)} outcomes were there", launch.id)


def _first_end(launch: Launch) -> Figures | None:
    ends = [figures for figures in launch.figures if figures.is_end]
    return min(ends, key=lambda figures: int(figures.body["revision"]), default=None)
