"""One click withdraws consent, before the next message (RFC 8058). Looking at the link changes nothing."""

from urllib.parse import urlsplit

import httpx
import pytest

from e2e.mailing import Mailing, mailing
from e2e.slipway import Slipway

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def link(made: Mailing, contact_id: str) -> str:
    """From the headers of the contact's message; it is in its text, too."""
    mail = made.mails[contact_id]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = str(mail["List-Unsubscribe"]).removeprefix("<").removesuffix(">")
    assert url in str(mail.get_payload())
    return url


def consents(made: Mailing, contact_id: str) -> bool:
    given: bool = made.http.get(f"/v1/contacts/{contact_id}").raise_for_status().json()["consent"]["promotional"]
    return given


@pytest.mark.behaviour(4, 32)
def test_who_clicks_gets_no_more_and_who_only_looks_gets_the_next_message(slipway: Slipway) -> None:
    with mailing(slipway, "clicks", "looks", "sleeps") as made:
        clicks, looks, sleeps = sorted(made.mails)
        page = httpx.get(link(made, looks))
        assert (page.status_code, "<form" in page.text) == (200, True)
        assert consents(made, looks)

        done = [httpx.post(link(made, clicks), data=ONE_CLICK) for _ in range(2)]

        assert [answer.status_code for answer in done] == [200, 200], "again is harmless"
        made.all_move_on()
        assert made.got("after") == {looks, sleeps}
        [skipped] = made.launch.listed("deliveries", state="skipped")
        assert (skipped["contact_id"], skipped["reason"]) == (clicks, "no_consent")
        assert (consents(made, clicks), consents(made, looks)) == (False, True)
        counted = made.here.json("count", "slow", "--all")
        assert (counted["starting"], counted["excluded"]) == (2, {"no_consent": 1})
        assert httpx.post(link(made, clicks), data=ONE_CLICK).status_code == 200, "and so it is when all know of it"
        told = made.here.json("why", made.launch.launch_id, clicks)
        assert [entry["what"] for entry in told].count("unsubscribed") == 1
        assert "no_consent" in {entry["detail"].get("reason") for entry in told}
        assert "Unsubscribed" in httpx.get(link(made, clicks)).text and "<form" in httpx.get(link(made, looks)).text
        for thing in (f"launch/{made.launch.launch_id}", f"contact/{clicks}"):
            [kept] = made.here.json("audit", "--thing", thing, "--action", "consent.withdrawn")
            assert (kept["subject"], kept["thing"]) == ("recipient", f"contact/{clicks}")


@pytest.mark.behaviour(32)
def test_a_link_that_was_altered_is_no_link(slipway: Slipway) -> None:
    with mailing(slipway, "clicks") as made:
        [contact_id] = made.mails
        url = link(made, contact_id)
        said, _, mac = urlsplit(url).path.rpartition("/")[2].partition(".")
        for token in (f"{said}.{mac[:-1]}", f"{said[:-2]}.{mac}", f".{mac}", said, "nothing"):
            answer = httpx.post(url.replace(f"{said}.{mac}", token), data=ONE_CLICK)
            assert answer.status_code == 400 and "Nothing has been changed" in answer.text
        cut_off = httpx.get(url.removesuffix(f"{said}.{mac}"))
        assert cut_off.status_code == 400 and "Open the message once more" in cut_off.text
        assert consents(made, contact_id)
