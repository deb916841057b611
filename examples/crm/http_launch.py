"""A CRM's side of Slipway over HTTP, with the typed client alone: contacts, a launch, its figures, who got what.

    python http_launch.py --address http://127.0.0.1:8080 --token KEY_ID.SECRET --scenario welcome contacts.ndjson

Run again after a cut connection it launches nothing twice: the idempotency key is the same (`--run`). Exit code 0: it
was launched, or waits for a person; 1: refused; 2: what was given cannot be used, and nothing was sent; 3: no answer.
"""

import argparse
import json
import re
import sys
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "client"))

from slipway_client import Contacts, Refused, Slipway, Unanswered

PORTION = 2000
MOST = 10_000
"""Contacts that one launch may name."""
RUN = re.compile(r"[\x21-\x7e]{1,255}")
SCENARIO = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
REMINDED = 10
UNDECIDED = ("validating", "awaiting_confirmation", "awaiting_approval")
"""It runs when contacts has looked at it, or when a person has said yes."""


def people_of(file: Path) -> dict[int, dict[str, Any]]:
    """The contacts of the whole file by line number, before any is sent. Raises ValueError for a line that is none."""
    people = {}
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        try:
            person = json.loads(line, object_pairs_hook=once) if line.strip() else None
        except Twice as twice:
            raise ValueError(f"{file}, line {number} has the key {twice} twice in one object") from None
        except RecursionError:
            raise ValueError(f"{file}, line {number} is nested too deeply") from None
        except ValueError as error:
            raise ValueError(f"{file}, line {number} is not JSON ({error})") from None
        if person is None:
            continue
        if not (isinstance(person, dict) and isinstance(person.get("id"), str)):
            raise ValueError(f'{file}, line {number} is no contact such as {{"id": "c-1", "email": "…"}}')
        people[number] = person
    if not people:
        raise ValueError(f"{file} has no contacts")
    if (named := len(ids_of(people))) > MOST:
        raise ValueError(f"{file} has {named} contacts, and a launch names at most {MOST}: make several files of it")
    return people


def ids_of(people: dict[int, dict[str, Any]]) -> tuple[str, ...]:
    """Each once, whatever lines it has."""
    return tuple(dict.fromkeys(person["id"] for person in people.values()))


class Twice(Exception):
    """Of a key that stands twice one value would be taken and the other lost."""


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = Counter(name for name, _ in pairs)
    if len(found) != len(pairs):
        raise Twice(json.dumps(found.most_common(1)[0][0]))
    return dict(pairs)


def check_names(run: str, scenario: str) -> None:
    """Raises ValueError: the launch would be refused, when the contacts are imported already."""
    if not RUN.fullmatch(run):
        raise ValueError(
            f"--run {run!a} is no name: write letters, digits and signs without spaces, such as order-4711"
        )
    if not SCENARIO.fullmatch(scenario):
        raise ValueError(f"--scenario {scenario!a} is no key: write lower-case letters, digits, _ and -")


def imported(slipway: Slipway, people: dict[int, dict[str, Any]]) -> bool:
    """Whether all of them were taken. How many were is told, however it ends."""
    numbers, taken, refused = list(people), 0, 0
    try:
        for first in range(0, len(numbers), PORTION):
            portion = numbers[first : first + PORTION]
            answer = slipway.import_contacts(people[number] for number in portion)
            taken, refused = taken + answer.imported, refused + len(answer.rejected)
            for line in answer.rejected:
                print(f"line {portion[line.line - 1]} was not taken: {line.reason}", file=sys.stderr)
    finally:
        print(f"{taken} of {len(people)} contacts were imported", file=sys.stderr)
    return not refused


def run(slipway: Slipway, scenario: str, people: dict[int, dict[str, Any]], name: str) -> int:
    if not imported(slipway, people):
        print("nothing was launched: mend these lines, and run this again", file=sys.stderr)
        return 1
    asked = slipway.launch(scenario, Contacts(ids_of(people)), idempotency_key=name)
    print(f"launch {asked.launch_id} was asked for", file=sys.stderr)
    for point in asked.points:
        print(f"{point.severity}: {point.code} at {point.place}: {point.remedy}", file=sys.stderr)
    if asked.state == "rejected":
        return 1
    try:
        for progress in slipway.watch(asked.launch_id):
            print(f"{progress.state}: {progress.success} of {progress.targeted}, {progress.in_progress} under way")
    except Refused:
        if (state := slipway.shown(asked.launch_id).state) not in UNDECIDED:
            raise
        print(f"it is {state}, and nobody has got anything yet: run this again when it runs", file=sys.stderr)
        return 0
    print(json.dumps(Counter(each.reason for each in slipway.outcomes(asked.launch_id)), sort_keys=True))
    for each in islice(slipway.outcomes(asked.launch_id, outcome="failure"), REMINDED):
        print(f"{each.contact_id}: {each.reason}")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", required=True, help="the public address")
    parser.add_argument("--token", required=True, help="of a key that may contacts:write, process:start, view, …")
    parser.add_argument("--scenario", required=True)
    parser.add_argument("--run", default="http-example", help="name of this run: the same again launches nothing twice")
    parser.add_argument("file", type=Path, help="contacts, one JSON object a line")
    args = parser.parse_args()
    try:
        check_names(args.run, args.scenario)
        people = people_of(args.file)
        slipway = Slipway(args.address, args.token)
    except (OSError, ValueError) as error:
        print(f"{error}: nothing was sent; mend that, and run this again", file=sys.stderr)
        return 2
    try:
        with slipway:
            return run(slipway, args.scenario, people, args.run)
    except Refused as refused:
        print(f"{refused.detail}; {refused.remedy}", file=sys.stderr)
        return 1
    except Unanswered as silence:
        print(f"{silence}: is it running? Run this again: nothing is done twice", file=sys.stderr)
        return 3


if __name__ == "__main__":
    raise SystemExit(main())
