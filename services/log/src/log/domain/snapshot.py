"""The records of `log.launches`: a launch's figures at one revision, under the name of what happened."""

from contracts.crm import Held, LaunchCompleted, LaunchFailed, LaunchFigures, LaunchProgressed, LaunchStopped
from contracts.words import LaunchState, Outcome
from log.domain.launch import Launch

ENDS: dict[LaunchState, type[LaunchFigures]] = {
    LaunchState.COMPLETED: LaunchCompleted,
    LaunchState.STOPPED: LaunchStopped,
    LaunchState.FAILED: LaunchFailed,
}


def figures(launch: Launch) -> LaunchFigures | None:
    """A function of the row at this revision alone. None while launcher's request has not been read."""
    if launch.request is None or launch.scenario is None or launch.version is None or launch.requested_at is None:
        return None
    made = LaunchProgressed if launch.end is None else ENDS[launch.end]
    return made(
        project=launch.project,
        launch_id=launch.launch_id,
        revision=launch.revision,
        scenario=launch.scenario,
        scenario_version=launch.version,
        state=launch.state,
        targeting="open" if launch.total is None else "finished",
        targeted=launch.targeted,
        started=launch.started,
        not_started=launch.not_started,
        in_progress=launch.in_progress,
        success=launch.outcomes.get(Outcome.SUCCESS, 0),
        failure=launch.outcomes.get(Outcome.FAILURE, 0),
        abandon=launch.outcomes.get(Outcome.ABANDON, 0),
        other=launch.outcomes.get(Outcome.OTHER, 0),
        by_reason=dict(sorted(launch.by_reason.items())),
        deliveries={state: count for state, count in sorted(launch.deliveries.items()) if count > 0},
        held=None if launch.held is None else Held(reason=launch.held, number=launch.hold),
        requested_by=launch.request.requested_by,
        command_id=launch.request.command_id,
        command_source=launch.request.command_source,
        retry_of=launch.retry_of,
        requested_at=launch.requested_at,
        ended_at=launch.ended_at,
    )
