"""A command in either mode is the same command."""

import json

from fakes.transaction import record
from launcher.domain.envelopes import data_of, fingerprint
from runtime.envelopes import STRUCTURED, open_envelope

DATA = {"project": "demo", "launch_id": "l-1"}
ATTRIBUTES = {"specversion": "1.0", "id": "cmd-1", "source": "/crm", "type": "t", "time": "2026-11-20T12:00:00Z"}


def test_both_modes_have_one_fingerprint() -> None:
    binary = record(json.dumps(DATA).encode(), {f"ce_{name}": text for name, text in ATTRIBUTES.items()})
    whole = record(json.dumps({**ATTRIBUTES, "data": DATA}, indent=1).encode(), {"content-type": STRUCTURED})
    first, second = (open_envelope(each.header, each.value) for each in (binary, whole))
    assert first and second and data_of(first) == data_of(second) == DATA
    assert fingerprint(first, data_of(first)) == fingerprint(second, data_of(second))
