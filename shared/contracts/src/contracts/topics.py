"""Every topic: who writes it, what lies on it, how it is kept. `slipway topics apply` makes them, nothing else does."""

from dataclasses import dataclass

from contracts import changes, channels, checks, crm, deliveries, launches, outcomes, projects, sends, targets, updates
from contracts.event import Event

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Topic:
    """`events` are all that may lie on it. Every topic has the platform's one partition count."""

    name: str
    writer: str
    key: str
    events: tuple[type[Event], ...]
    compacted: bool = False
    public: bool = False
    retention_ms: int = 7 * DAY_MS
    append_time: bool = False
    """LogAppendTime: the broker's clock stamps the record (the CRM's signatures are judged by it)."""
    max_message_bytes: int = 4 * 1024 * 1024


TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic(
            "crm.commands",
            "CRM",
            "project",
            (crm.LaunchRequest, crm.LaunchStop, crm.LaunchPause, crm.LaunchResume, crm.LaunchRemoveContact),
            public=True,
            append_time=True,
        ),
        Topic(
            "crm.contacts",
            "CRM",
            "contact id",
            (
                crm.ContactUpserted,
                crm.ContactDeleted,
                crm.ConsentChanged,
                crm.GroupMembershipChanged,
                crm.ContactEvent,
            ),
            public=True,
            append_time=True,
        ),
        Topic("contacts.replies", "contacts", "ce_id of the record", (crm.CommandRejected,), public=True),
        Topic(
            "launcher.replies",
            "launcher",
            "ce_id of the command",
            (
                crm.LaunchAccepted,
                crm.LaunchRejected,
                crm.LaunchApproved,
                crm.LaunchDeclined,
                crm.CommandAccepted,
                crm.CommandRejected,
            ),
            public=True,
        ),
        Topic(
            "log.launches",
            "log",
            "launch id",
            (crm.LaunchProgressed, crm.LaunchCompleted, crm.LaunchStopped, crm.LaunchFailed),
            compacted=True,
            public=True,
        ),
        Topic("log.outcomes", "log", "contact id", (crm.OutcomeRecorded,), public=True, retention_ms=30 * DAY_MS),
        Topic(
            "launcher.launches",
            "launcher",
            "launch id",
            (
                launches.LaunchDrafted,
                launches.ParticipantsListed,
                launches.LaunchRequested,
                launches.LaunchControlled,
                launches.ContactOrdered,
            ),
        ),
        Topic(
            "launcher.projects",
            "launcher",
            "kind/id",
            (projects.ProjectSet, projects.KeySet, projects.UserSet, projects.ScenarioSet),
            compacted=True,
        ),
        Topic(
            "contacts.targets",
            "contacts",
            "launch id",
            (targets.LaunchOpened, targets.TargetsAdmitted, targets.TargetsExcluded, targets.TargetingFinished),
        ),
        Topic("contacts.changes", "contacts", "contact id", (changes.ContactsChanged,)),
        Topic("contacts.checks", "contacts", "launch id", (checks.LaunchChecked, checks.ConsentOverridden)),
        Topic("executor.sends", "executor", "launch id", (sends.SendsRequested, sends.SendsWithdrawn)),
        Topic("executor.updates", "executor", "launch id", (updates.AttributesSet,)),
        Topic(
            "executor.outcomes",
            "executor",
            "launch id, or project",
            (
                outcomes.TargetsStarted,
                outcomes.TargetsRefused,
                outcomes.TargetsEnded,
                outcomes.StepsPassed,
                outcomes.StepsCounted,
                outcomes.IncidentsOpened,
                outcomes.IncidentsClosed,
                outcomes.OrdersCarriedOut,
                outcomes.ContactsErased,
            ),
        ),
        Topic(
            "messaging.deliveries",
            "messaging",
            "launch id",
            (deliveries.DeliveriesRecorded, deliveries.LaunchHeld, deliveries.ContactsReported),
        ),
        Topic("messaging.channels", "messaging", "kind/id", (channels.ChannelSet,), compacted=True),
    )
}
