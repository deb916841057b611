"""Whose a path is, and which headers pass."""

import pytest

from console.domain.headers import forwarded, returned
from console.domain.owners import Refusal, owner


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/v1/projects", "launcher"),
        ("/v1/keys/k1/revoke", "launcher"),
        ("/v1/users/ann/grant", "launcher"),
        ("/v1/scenarios", "launcher"),
        ("/v1/scenarios/spring/versions/3", "launcher"),
        ("/v1/scenarios/instances", "launcher"),
        ("/v1/scenarios/spring/instances", "executor"),
        ("/v1/launches", "launcher"),
        ("/v1/launches/l1", "launcher"),
        ("/v1/launches/l1/stop", "launcher"),
        ("/v1/launches/l1/progress", "log"),
        ("/v1/launches/l1/events", "log"),
        ("/v1/launches/l1/outcomes", "log"),
        ("/v1/launches/l1/in-progress", "log"),
        ("/v1/launches/l1/deliveries", "messaging"),
        ("/v1/audit", "launcher"),
        ("/v1/contacts", "contacts"),
        ("/v1/contacts/c-1", "contacts"),
        ("/v1/contacts/timeline", "contacts"),
        ("/v1/contacts/c-1/timeline", "log"),
        ("/v1/contacts/c-1/instances", "executor"),
        ("/v1/contacts/a%2Fb/timeline", "log"),
        ("/v1/contacts/a%2Ftimeline", "contacts"),
        ("/v1/groups/vip/contacts", "contacts"),
        ("/v1/suppressions/c-1", "contacts"),
        ("/v1/incidents", "executor"),
    ],
)
def test_a_path_has_one_owner(path: str, service: str) -> None:
    assert owner(path) == service


@pytest.mark.parametrize("service", ["contacts", "executor", "messaging", "log"])
def test_the_query_says_whose_ledger_is_meant(service: str) -> None:
    assert owner("/v1/launches/l1/ledger", service) == service


@pytest.mark.parametrize(
    ("path", "service", "status", "code"),
    [
        ("/v1/launches/l1/ledger", None, 422, "service_missing"),
        ("/v1/launches/l1/ledger", "launcher", 422, "service_missing"),
        ("/v1/nothing", None, 404, "not_found"),
        ("/v1/", None, 404, "not_found"),
        ("/v1/counts", None, 501, "unsupported"),
        ("/v1/launches/../../internal/tokens", None, 404, "not_found"),
        ("/v1/launches/%2e%2e/internal", None, 404, "not_found"),
        ("/v1//launches", None, 404, "not_found"),
    ],
)
def test_a_path_without_an_owner_is_refused(path: str, service: str | None, status: int, code: str) -> None:
    refusal = owner(path, service)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.code) == (status, code)
    assert refusal.remedy


def test_what_concerns_one_connection_or_the_caller_does_not_pass() -> None:
    given = {
        "Host": "slipway.example",
        "Connection": "keep-alive, X-Hop",
        "X-Hop": "1",
        "Transfer-Encoding": "chunked",
        "Authorization": "Bearer key.secret",
        "Cookie": "session=1",
        "Traceparent": "00-1-2-01",
        "Slipway-Project": "acme",
        "Idempotency-Key": "k",
        "Content-Type": "application/json",
    }
    assert dict(forwarded(given.items())) == {
        "slipway-project": "acme",
        "idempotency-key": "k",
        "content-type": "application/json",
    }


def test_an_answer_keeps_its_headers_but_sets_no_cookie() -> None:
    given = [("Content-Type", "text/csv"), ("Set-Cookie", "a=1"), ("Server", "x"), ("Date", "y"), ("Retry-After", "2")]
    assert returned(given) == [("content-type", "text/csv"), ("retry-after", "2")]
