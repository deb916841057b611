"""A CRM's side of Slipway over HTTP, with the typed client alone: contacts, a launch, its figures, who got what.

    python http_launch.py --address http://127.0.0.1:8080 --token KEY_ID.SECRET --scenario welcome contacts.ndjson

Run again after a cut connection it launches nothing twice: the idempotency key is the same (`--run`).
"""

import argparse
import json
import sys
from collections import Counter
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "client"))

from slipway_client import Contacts, Refused, Slipway

PORTION = 2000
REMINDED = 10


def run(slipway: Slipway, scenario: str, file: Path, name: str) -> int:
    people = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    for first in range(0, len(people), PORTION):
        imported = slipway.import_contacts(people[first : first + PORTION])
        for line in imported.rejected:
            print(f"line {first + line.line} was not taken: {line.reason}", file=sys.stderr)
    ids = tuple(person["id"] for person in people)
    asked = slipway.launch(scenario, Contacts(ids), idempotency_key=name)
    for point in asked.points:
        print(f"{point.severity}: {point.code} at {point.place}: {point.remedy}", file=sys.stderr)
    if asked.state == "rejected":
        return 1
    for progress in slipway.watch(asked.launch_id):
        print(f"{progress.state}: {progress.success} of {progress.targeted}, {progress.in_progress} under way")
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
        with Slipway(args.address, args.token) as slipway:
            return run(slipway, args.scenario, args.file, args.run)
    except Refused as refused:
        print(f"{refused.detail}; {refused.remedy}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
