"""Which process of a group has which partition numbers, as Kafka knows: to say why nobody works on one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.protocol import ConsumerProtocol
from aiokafka.errors import GroupCoordinatorNotAvailableError, for_code
from aiokafka.protocol.admin import DescribeGroupsRequest

STABLE: Final = "Stable"
NO_ERROR: Final = 0


@dataclass(frozen=True, slots=True)
class Holding:
    state: str
    """Of the group, in Kafka's words: whatever is not `Stable` is being shared out anew."""
    members: Sequence[str]
    """Their owners, as processes call themselves."""
    holders: Mapping[tuple[str, int], str]
    """By topic as it is called in Kafka, and number."""


async def holding(consumer: AIOKafkaConsumer, group_id: str) -> Holding:
    """Asks the group's coordinator, not on the connection that waits there while the group shares out. Raises
    KafkaError."""
    coordinator: Any = consumer._coordinator
    if coordinator.coordinator_id is None:
        raise GroupCoordinatorNotAvailableError
    answer: Any = await coordinator._client.send(coordinator.coordinator_id, DescribeGroupsRequest([group_id]))
    [(code, _group, state, _type, _protocol, members, *_)] = answer.groups
    if code != NO_ERROR:
        raise for_code(code)()
    holders = {
        (topic, number): client_id
        for _member, client_id, _host, _metadata, assigned in members
        if assigned
        for topic, numbers in ConsumerProtocol.ASSIGNMENT.decode(assigned).assignment
        for number in numbers
    }
    return Holding(state, [client_id for _member, client_id, *_ in members], holders)


def why_not_taken(number: int, topics: Collection[str], owner: str | None, found: Holding) -> str | None:
    """Of a number that is not this process's; None: its owner has it. `topics`: all that are consumed."""
    if found.state != STABLE:
        return "the numbers are being shared out anew: that waits until every process has given up what it had"
    holders = {topic: found.holders.get((topic, number)) for topic in sorted(topics)}
    if not any(holders.values()):
        return f"no process of the group has it; in the group: {', '.join(sorted(found.members)) or 'none'}"
    if len(set(holders.values())) > 1:
        where = ", ".join(f"{topic} at {holder or 'nobody'}" for topic, holder in holders.items())
        return f"no process has all of it, so nobody takes it: {where}"
    [holder] = set(holders.values())
    return None if holder == owner else f"{holder} has been given it and has not taken it yet"
