"""Why nobody works on a partition number, said of what Kafka knows of the group."""

import pytest

from runtime.holding import Holding, why_not_taken

TOPICS = ["a.in", "a.more"]
MEMBERS = ["ledger/a", "ledger/b"]


def held(**by_topic: str) -> Holding:
    """Number 3."""
    holders = {(f"a.{topic}", 3): holder for topic, holder in by_topic.items()}
    return Holding("Stable", MEMBERS, holders)


@pytest.mark.parametrize(
    ("found", "owner", "said"),
    [
        (held(more="ledger/b", **{"in": "ledger/b"}), "ledger/b", None),
        (held(more="ledger/b", **{"in": "ledger/b"}), "ledger/a", "ledger/b has been given it and has not taken it"),
        (held(more="ledger/b", **{"in": "ledger/b"}), None, "ledger/b has been given it"),
        (held(more="ledger/b"), "ledger/b", "a.in at nobody, a.more at ledger/b"),
        (held(more="ledger/b", **{"in": "ledger/a"}), "ledger/b", "a.in at ledger/a, a.more at ledger/b"),
        (held(), "ledger/b", "no process of the group has it; in the group: ledger/a, ledger/b"),
        (Holding("Empty", [], {}), "ledger/b", "shared out anew"),
        (Holding("PreparingRebalance", MEMBERS, {}), "ledger/b", "shared out anew"),
    ],
)
def test_a_number_that_is_not_taken_has_a_reason(found: Holding, owner: str | None, said: str | None) -> None:
    why = why_not_taken(3, TOPICS, owner, found)
    assert why is None if said is None else why is not None and said in why
