"""Which rows of each service the oracle is given, and how: the only place that knows the columns."""

from typing import Final

SERVICES: Final = ("launcher", "contacts", "executor", "messaging", "log")

EVERYWHERE: Final = {
    "stream_cursor": "SELECT topic, partition, next_offset, epoch, owner FROM stream_cursor WHERE topic <> 'clock'",
    "outbox": "SELECT topic, lease_partition, seq FROM outbox",
    "http_outbox": "SELECT topic, id FROM http_outbox",
    "parked": "SELECT topic, partition, record_offset, record_time, reason, state, parked_at FROM parked",
    "cursor_moved": "SELECT * FROM witness.cursor_moved ORDER BY place",
}
GATES: Final = {
    "gate": "SELECT launch_id, state FROM gate",
    "gate_turned": "SELECT * FROM witness.gate_turned ORDER BY place",
}
OF: Final = {
    "launcher": {"launch": "SELECT launch_id, project, state FROM launch"},
    "contacts": {"target_chunk": "SELECT launch_id, event_id FROM target_chunk"},
    "executor": {
        **GATES,
        "process_instance": "SELECT launch_id, contact_id, status, step, due_at, outcome, reason FROM instance",
        "refused_target": (
            "SELECT launch.launch_id, refused_target.contact_id, refused_target.reason"
            " FROM refused_target JOIN launch ON launch.number = refused_target.launch"
        ),
        "steps_asked": "SELECT * FROM witness.steps_asked ORDER BY place",
    },
    "messaging": {
        **GATES,
        "send": (
            "SELECT launch.launch_id, contact_id, step, occurrence, state::text, reason"
            " FROM send JOIN launch ON launch.number = send.launch"
        ),
        "untold": "SELECT launch_id FROM untold",
        "dotted": "SELECT * FROM witness.dotted ORDER BY place",
    },
    "log": {
        "outcome": (
            "SELECT launch.launch_id, outcome.contact_id, ending.outcome::text, ending.reason"
            " FROM outcome JOIN launch ON launch.number = outcome.launch"
            " JOIN ending ON ending.launch = outcome.launch AND ending.number = outcome.ending"
        )
    },
}
