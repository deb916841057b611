"""I1: an accepted request has exactly one launch; a refused one has none that ever left `rejected`."""

from collections import defaultdict
from collections.abc import Iterator

from chaos.oracle.plain import Finding
from chaos.oracle.seen import Seen

ANSWERS = {"launch.accepted", "launch.rejected", "command.accepted", "command.rejected"}
"""First answers; `launch.approved` and `launch.declined` may follow."""


def accepted_requests_have_one_launch(seen: Seen) -> Iterator[Finding]:
    """I1: what the asker was told and what launcher answered name one launch, which was requested once."""
    made: dict[tuple[str, str], set[str]] = defaultdict(set)
    for launch in seen.launches.values():
        if launch.requested and launch.requested.get("command_id"):
            made[launch.requested["command_source"], launch.requested["command_id"]].add(launch.id)
    accepted: dict[tuple[str, str], set[str]] = defaultdict(set)
    for identity, answers in seen.replies.items():
        accepted[identity] |= {data["launch_id"] for kind, data in answers if kind == "launch.accepted"}
    for command in seen.run.commands:
        if command.answer == "accepted" and command.launch_id:
            accepted[command.source, command.id].add(command.launch_id)
    for identity in sorted(made.keys() | accepted.keys()):
        launches = made[identity] | accepted[identity]
        if len(launches) > 1:
            yield Finding(f"command {identity[1]} has launches {sorted(launches)}")
        for launch_id in sorted(accepted[identity]):
            if launch_id not in seen.launches or not seen.launches[launch_id].requested:
                yield Finding(f"command {identity[1]} was accepted, the launch was never requested", launch_id)


def nothing_is_launched_unasked(seen: Seen) -> Iterator[Finding]:
    """I1: behind every launch there is a request: a command, or (where a ledger was kept) a line of it."""
    asked = {command.launch_id for command in seen.run.commands}
    for launch in seen.launches.values():
        if launch.requested and not launch.requested.get("command_id") and seen.run.commands and launch.id not in asked:
            yield Finding("was requested, and nobody asked for it", launch.id)


def refused_requests_have_none(seen: Seen) -> Iterator[Finding]:
    """I1: whoever was refused has no launch that was requested, and nobody is told two different things."""
    made = {
        (launch.requested["command_source"], launch.requested["command_id"]): launch.id
        for launch in seen.launches.values()
        if launch.requested and launch.requested.get("command_id")
    }
    for identity, answers in sorted(seen.replies.items()):
        kinds = {kind for kind, _ in answers if kind in ANSWERS}
        if len(kinds) > 1:
            yield Finding(f"command {identity[1]} was answered {sorted(kinds)}")
        elif any(kind.endswith(".rejected") for kind in kinds) and identity in made:
            yield Finding(f"command {identity[1]} was refused, its launch was requested", made[identity])
    for row in seen.run.table("launcher", "launch"):
        launch = seen.launches.get(row["launch_id"])
        if row["state"] == "rejected" and launch is not None and launch.requested:
            yield Finding("is rejected and was requested all the same", launch.id)


def commands_are_answered(seen: Seen) -> Iterator[Finding]:
    """I1: every command with an id has an answer when all is quiet."""
    for source, id_ in sorted(seen.commands):
        if not any(kind in ANSWERS for kind, _ in seen.replies.get((source, id_), ())):
            yield Finding(f"command {id_} of {source} has no answer")
