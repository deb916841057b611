"""A CRM's side of Slipway, with aiokafka and the standard library alone: a signed launch and its answer.

    python launch.py --kafka 127.0.0.1:19092 --key KEY_ID --secret SECRET --project demo --scenario welcome --all

`docs/crm.md` explains every line; nothing here is imported from Slipway.
"""

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import logging
import sys
import uuid
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

COMMANDS, REPLIES = "crm.commands", "launcher.replies"


def sign(secret: str, ce_id: str, ce_time: str, ce_source: str, ce_type: str, body: bytes) -> str:
    """`v1,<base64 of HMAC-SHA256(secret, "{ce_id}.{ce_time}.{ce_source}.{ce_type}." + body)>`."""
    signed = f"{ce_id}.{ce_time}.{ce_source}.{ce_type}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


async def launch(args: argparse.Namespace) -> int:
    participants = {"kind": "groups", "groups": args.group} if args.group else {"kind": "all"}
    body = json.dumps({"project": args.project, "scenario": args.scenario, "participants": participants}).encode()
    ce_id, ce_source, ce_type = args.id, "/crm/example", "com.slipway.launch.request.v1"
    ce_time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    headers = {
        "ce_specversion": "1.0",
        "ce_id": ce_id,
        "ce_source": ce_source,
        "ce_type": ce_type,
        "ce_time": ce_time,
        "content-type": "application/json",
        "slipway-key": args.key,
        "slipway-signature": sign(args.secret, ce_id, ce_time, ce_source, ce_type, body),
    }
    # Read the answers from where they end now, so that none is missed and none of yesterday is read.
    replies = AIOKafkaConsumer(REPLIES, bootstrap_servers=args.kafka, auto_offset_reset="latest")
    producer = AIOKafkaProducer(bootstrap_servers=args.kafka, acks="all", enable_idempotence=True)
    sent = False
    try:
        await replies.start()
        await producer.start()
        await replies.seek_to_end()
        for partition in replies.assignment():
            await replies.position(partition)
        sent = True
        await producer.send_and_wait(
            COMMANDS,
            body,
            key=args.project.encode(),
            headers=[(name, value.encode()) for name, value in headers.items()],
        )
        async with asyncio.timeout(args.timeout):
            async for reply in replies:
                answer = json.loads(reply.value)
                if answer["command_id"] == ce_id and answer["command_source"] == ce_source:
                    kind = dict(reply.headers)["ce_type"].decode()
                    print(kind, json.dumps(answer, indent=2))
                    return 0 if kind == "com.slipway.launch.accepted.v1" else 1
    except (TimeoutError, KafkaError, OSError, ValueError) as error:
        what = f"no answer within {args.timeout} s" if isinstance(error, TimeoutError) else f"{args.kafka}: {error}"
        again = f"It may have been sent: ask again with --id {ce_id}, which launches nothing twice"
        print(f"{what}: is Slipway running there? {again if sent else 'Nothing was sent'}", file=sys.stderr)
    finally:
        await producer.stop()
        await replies.stop()
    return 3


def main() -> None:
    parser = argparse.ArgumentParser(description="Emit a signed launch event and wait for the answer.")
    parser.add_argument("--kafka", required=True, help="bootstrap servers, host:port")
    parser.add_argument("--key", required=True, help="id of a key with process:start and launch:preapproved")
    parser.add_argument("--secret", required=True, help="the key's signing secret")
    parser.add_argument("--project", required=True)
    parser.add_argument("--scenario", required=True)
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--all", action="store_true", help="every contact of the project")
    who.add_argument("--group", action="append", help="contacts of this group; may be repeated")
    parser.add_argument(
        "--id", default=str(uuid.uuid4()), help="of this command: the same again launches nothing twice"
    )
    parser.add_argument("--timeout", type=float, default=30)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what is wrong is said once
    sys.exit(asyncio.run(launch(parser.parse_args())))


if __name__ == "__main__":
    main()
