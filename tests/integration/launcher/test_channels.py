"""A launch whose messages could not go out is refused before it begins; its author is warned."""

from integration.launcher.desk import SAMPLES, Desk, Key

MISSING = [("channel_missing", "error", "steps.hello.send.channel")]


def said(answer: dict[str, list[dict[str, str]]]) -> list[tuple[str, str, str]]:
    return [(point["code"], point["severity"], point["place"]) for point in answer["points"]]


async def test_without_a_mail_provider_no_mail_is_launched(desk: Desk, key: Key) -> None:
    await desk.channel("email", configured=False)
    answer = await desk.launch(token=key.token)
    assert (answer["state"], said(answer)) == ("rejected", MISSING)
    assert desk.emitted == []
    await desk.channel("email", configured=True, revision=2)
    await desk.channel("email", configured=False, revision=1)
    answer = await desk.launch(token=key.token, key="another")
    assert (answer["state"], said(answer)) == ("validating", [])


async def test_a_channel_that_nobody_has_told_of_is_not_missed(desk: Desk, key: Key) -> None:
    await desk.channel("discard", configured=True)
    assert (await desk.launch(token=key.token))["state"] == "validating"


async def test_who_pushes_the_scenario_is_warned(desk: Desk) -> None:
    await desk.channel("email", configured=False)
    pushed = await desk.done("POST", "/v1/scenarios", (SAMPLES / "welcome.yaml").read_bytes())
    assert said(pushed) == [("channel_missing", "warning", place) for _, _, place in MISSING]
    await desk.done("POST", "/v1/scenarios/welcome/activate", {})
