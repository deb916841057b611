"""What the processes of the platform say of themselves, as `slipway status` shows it."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from cli.platform import probe
from runtime.tokens import EVERYTHING, Caller, mint


async def looked_at(services: Iterable[dict[str, Any]], token_key: str) -> list[dict[str, Any]]:
    """As the interface has it: what the supervisor knows, and what each process says of itself."""
    token = mint(Caller(EVERYTHING, "slipway", frozenset({EVERYTHING})), token_key)

    async def look(service: dict[str, Any]) -> dict[str, Any]:
        ready, (status, document) = await asyncio.gather(
            probe.is_ready(service["url"]), probe.get(f"{service['url']}/v1/partitions", token)
        )
        known = {name: service[name] for name in ("name", "instance", "pid", "url")}
        rows = document["items"] if status == 200 else []
        return {**known, "ready": ready, "partitions": _own_numbers(service["instance"], rows)}

    return list(await asyncio.gather(*(look(service) for service in services)))


def _own_numbers(instance: str, rows: list[dict[str, Any]]) -> list[int]:
    """Of all numbers of the service those that this process has leased: only of them it knows the state."""
    return sorted(row["number"] for row in rows if row["owner"] == instance and row["state"] is not None)


def ranges(numbers: Sequence[int]) -> str:
    """`0-3 7`."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][-1] == number - 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return " ".join(f"{part[0]}-{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts)
