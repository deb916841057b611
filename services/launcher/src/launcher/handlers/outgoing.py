"""Where launcher's events go: topic, key, partition and id of each kind."""

from contracts.crm import LaunchApproved, LaunchDeclined, Reply
from contracts.event import Event
from contracts.launches import ContactOrdered, LaunchControlled, LaunchDrafted, LaunchRequested, ParticipantsListed
from contracts.projects import KeySet, ProjectSet, ScenarioSet, UserSet
from runtime.ids import derive
from runtime.partitions import partition_of
from runtime.records import Outgoing


def on_launches(
    event: LaunchDrafted | ParticipantsListed | LaunchRequested | LaunchControlled | ContactOrdered, partitions: int
) -> Outgoing:
    """On the launch's home partition."""
    match event:
        case LaunchDrafted():
            id = derive(event.launch_id, "drafted", event.check)
        case ParticipantsListed():
            id = derive(event.launch_id, "listed", event.index)
        case LaunchRequested():
            id = derive(event.launch_id, "requested")
        case LaunchControlled():
            id = derive(event.launch_id, "controlled", event.revision)
        case ContactOrdered():
            id = derive(event.order_id, "ordered")
    return _outgoing("launcher.launches", event.launch_id, event, id, event.project, partitions)


def on_projects(event: ProjectSet | KeySet | UserSet | ScenarioSet, partitions: int) -> Outgoing:
    """Under a key per thing: the topic is compacted."""
    match event:
        case ProjectSet():
            key = f"project/{event.project}"
        case KeySet():
            key = f"key/{event.key_id}"
        case UserSet():
            key = f"user/{event.project}/{event.user}"
        case ScenarioSet():
            key = f"scenario/{event.project}/{event.scenario}"
    return _outgoing("launcher.projects", key, event, derive(key, "set", event.revision), event.project, partitions)


def on_replies(reply: Reply, partitions: int) -> Outgoing:
    """One answer for each record that asked: its place is in the id, so a repeated question is another reply.

    What becomes of a launch that was accepted and waits is told later, about the same record: under an id of its own.
    """
    at = reply.command_at
    later = (reply.TYPE,) if isinstance(reply, LaunchApproved | LaunchDeclined) else ()
    id = derive("reply", at.topic, at.partition, at.offset, *later)
    return _outgoing("launcher.replies", reply.command_id, reply, id, reply.project, partitions)


def _outgoing(topic: str, key: str, event: Event, id: str, project: str | None, partitions: int) -> Outgoing:
    return Outgoing(topic=topic, partition=partition_of(key, partitions), key=key, event=event, id=id, project=project)
