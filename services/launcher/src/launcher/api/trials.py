"""Tests and rehearsals: launches that reach nobody but whoever tries them."""

from typing import Annotated, Any

from fastapi import Response
from pydantic import Field, StringConstraints

from contracts.checks import Point
from contracts.crm import ContactId, LaunchRequest, OptionsGiven, ParticipantsGiven
from contracts.words import LaunchState, Name
from launcher.api.doors import Asking, Doors
from launcher.api.idempotency import Idempotency, Required
from launcher.api.launches import LaunchAsked, asked_for, new_launch_id
from launcher.api.shapes import Input, Output, VersionNumber, granted
from launcher.handlers.trials import Trials
from launcher.ports import Launches
from runtime.ids import derive
from runtime.transaction import Transaction

Address = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+$")]


class TestGiven(Input):
    scenario: Name
    version: VersionNumber | None = None
    """Any, active or not. Left out: the active one, else the newest."""
    to: list[Address] = Field(min_length=1, max_length=10)
    """Who gets the mails: one launch for each."""
    contact_id: ContactId | None = None
    """Whose data the mails are filled with. Left out: the project's first contact."""
    context: dict[str, Any] = Field(default_factory=dict)


class RehearsalGiven(Input):
    scenario: Name
    participants: ParticipantsGiven
    options: OptionsGiven = Field(default_factory=OptionsGiven)
    context: dict[str, Any] = Field(default_factory=dict)


class TestAsked(Output):
    launch_id: str
    to: str
    state: LaunchState
    points: list[Point]


class TestsAsked(Output):
    items: list[TestAsked]


def add(doors: Doors, trials: Trials, launches: Launches, idempotency: Idempotency) -> None:
    @doors("POST", "/v1/tests", status_code=202, response_model=TestsAsked)
    async def test(given: TestGiven, asker: Asking, idempotency_key: Required) -> Response:
        """Sends the scenario's mails to these addresses, as one contact would get them, without its waits. Counted
        nowhere; consent and suppression are not asked, for the contact gets nothing and nothing of it is changed."""

        async def work(tx: Transaction) -> tuple[int, TestsAsked]:
            first = await new_launch_id(tx, launches, asker, idempotency_key)
            ids = {address: derive(first, address) for address in given.to}
            made = granted(
                await trials.test(tx, asker, ids, given.scenario, given.version, given.contact_id, given.context)
            )
            return 202, TestsAsked(
                items=[
                    TestAsked(launch_id=each.launch_id, to=to, state=each.state, points=list(each.points))
                    for to, each in zip(ids, made, strict=True)
                ]
            )

        asked = ["POST /v1/tests", given.model_dump(mode="json")]
        return await idempotency.once(doors.resources, asker, idempotency_key, asked, work)

    @doors("POST", "/v1/rehearsals", status_code=202, response_model=LaunchAsked)
    async def rehearse(given: RehearsalGiven, asker: Asking, idempotency_key: Required) -> Response:
        """The whole launch without its waits: the same counts and reasons, nobody is sent to, nothing is changed."""
        request = LaunchRequest.model_validate({**given.model_dump(mode="json"), "project": asker.project})

        async def work(tx: Transaction) -> tuple[int, LaunchAsked]:
            launch_id = await new_launch_id(tx, launches, asker, idempotency_key)
            return 202, asked_for(granted(await trials.rehearse(tx, asker, launch_id, request)))

        asked = ["POST /v1/rehearsals", request.model_dump(mode="json")]
        return await idempotency.once(doors.resources, asker, idempotency_key, asked, work)
