"""Launches begun from a contact, from a scenario, or from an earlier launch."""

from typing import Annotated, Any

from fastapi import Path, Response
from pydantic import Field

from contracts.crm import ContactId, OptionsGiven, ParticipantsGiven, ResultsGiven
from contracts.words import Name, Outcome
from launcher.api.doors import Asking, Doors
from launcher.api.idempotency import Idempotency, Required
from launcher.api.launches import LaunchAsked, asked_for, new_launch_id, somebody
from launcher.api.shapes import Input, PathWord, granted, problem
from launcher.domain.parties import Asker
from launcher.handlers.flow import unknown
from launcher.handlers.starting import Starting
from launcher.handlers.vacancies import Vacancies
from launcher.ports import Launches
from runtime.transaction import Transaction

LONGEST_ID = 64


class StartGiven(Input):
    context: dict[str, Any] = Field(default_factory=dict)
    options: OptionsGiven = Field(default_factory=OptionsGiven)


class StartOfScenario(StartGiven):
    contact_id: ContactId


class StartOfContact(StartGiven):
    scenario: Name


class RelaunchGiven(Input):
    participants: ParticipantsGiven | None = None
    """Has to be given: a relaunch begins with an empty selection."""
    options: OptionsGiven = Field(default_factory=OptionsGiven)
    context: dict[str, Any] | None = None
    """Left out: the earlier launch's."""
    count_token: str | None = None


class RetryGiven(Input):
    """Which targets of the earlier launch, by exactly one of `outcome`, `reason` and `delivery`."""

    outcome: Outcome | None = None
    reason: str | None = Field(None, min_length=1, max_length=200)
    """Such as `error:send` or `not_started:no_consent`."""
    delivery: str | None = Field(None, min_length=1, max_length=64)
    """`unknown`: whoever was sent a message of which nobody can know whether it arrived. Sent again only if asked for
    so; no other state is retried."""
    options: OptionsGiven = Field(default_factory=OptionsGiven)
    context: dict[str, Any] | None = None
    """Left out: the earlier launch's."""

    def chosen(self) -> dict[str, Any]:
        return self.model_dump(mode="json", include={"outcome", "reason", "delivery"}, exclude_none=True)


def add(doors: Doors, starting: Starting, launches: Launches, vacancies: Vacancies, idempotency: Idempotency) -> None:
    async def start(asker: Asker, key: str, route: str, scenario: str, contact_id: str, given: StartGiven) -> Response:
        async def work(tx: Transaction) -> tuple[int, LaunchAsked]:
            launch_id = await new_launch_id(tx, launches, asker, key)
            made = await starting.single(tx, asker, launch_id, scenario, contact_id, given.options, given.context)
            return 202, asked_for(granted(made))

        asked = [route, scenario, contact_id, given.model_dump(mode="json", include={"options", "context"})]
        return await idempotency.once(doors.resources, asker, key, asked, work)

    @doors("POST", "/v1/scenarios/{key}/instances", status_code=202, response_model=LaunchAsked)
    async def start_contact(
        key: Annotated[Name, Path()], given: StartOfScenario, asker: Asking, idempotency_key: Required
    ) -> Response:
        """Starts the scenario for one contact: validated, then it runs, without count, confirmation or approval."""
        return await start(asker, idempotency_key, "start of scenario", key, given.contact_id, given)

    @doors("POST", "/v1/contacts/{contact_id}/instances", status_code=202, response_model=LaunchAsked)
    async def start_scenario(
        contact_id: Annotated[ContactId, Path()], given: StartOfContact, asker: Asking, idempotency_key: Required
    ) -> Response:
        """The same, from the contact."""
        return await start(asker, idempotency_key, "start of contact", given.scenario, contact_id, given)

    @doors("POST", "/v1/launches/{launch_id}/relaunch", status_code=202, response_model=LaunchAsked)
    async def relaunch(launch_id: PathWord, given: RelaunchGiven, asker: Asking, idempotency_key: Required) -> Response:
        """A new launch of the same scenario, for whom it is said anew; it goes the way of every launch."""

        async def work(tx: Transaction) -> tuple[int, LaunchAsked]:
            made = await starting.relaunch(
                tx,
                asker,
                await new_launch_id(tx, launches, asker, idempotency_key),
                launch_id,
                given.participants,
                given.options,
                given.context,
                given.count_token,
            )
            return 202, asked_for(granted(made))

        asked = ["relaunch", launch_id, given.model_dump(mode="json")]
        look = somebody(doors.resources, vacancies, asker, given.participants)
        return await idempotency.once(doors.resources, asker, idempotency_key, asked, work, look)

    @doors("POST", "/v1/launches/{launch_id}/retry", status_code=202, response_model=LaunchAsked)
    async def retry(launch_id: PathWord, given: RetryGiven, asker: Asking, idempotency_key: Required) -> Response:
        """A new launch of the same scenario for exactly these targets of one that has ended. It goes the way of every
        launch once they are collected (a `draft` until then); `once` is lifted for them, `if_not_running` is not. Of
        nobody it is refused (`empty_selection`), and nothing is kept of it."""
        wanted = _targets(launch_id, given)

        async def work(tx: Transaction) -> tuple[int, LaunchAsked]:
            made = await starting.retry(
                tx,
                asker,
                await new_launch_id(tx, launches, asker, idempotency_key),
                wanted,
                given.options,
                given.context,
            )
            return 202, asked_for(granted(made))

        asked = ["retry", launch_id, given.model_dump(mode="json")]
        look = somebody(doors.resources, vacancies, asker, wanted)
        return await idempotency.once(doors.resources, asker, idempotency_key, asked, work, look)


def _targets(launch_id: str, given: RetryGiven) -> ResultsGiven:
    """Raises Problem for what is too long for a launch's id."""
    if len(launch_id) > LONGEST_ID:
        raise problem(unknown(launch_id))
    return ResultsGiven.model_validate({"kind": "results", "launch_id": launch_id, **given.chosen()})
