"""Whose a request is, and which headers pass."""

import orjson
import pytest

from console.api import OPENAPI
from console.domain.headers import forwarded, returned
from console.domain.owners import Refusal, Row, find, named
from console.domain.parameters import declared, repeated, unknown
from contracts.access import INTERNAL, ROUTES, Door


@pytest.mark.parametrize(("method", "path"), sorted(ROUTES))
def test_every_row_but_the_internal_ones_is_found_and_is_itself(method: str, path: str) -> None:
    found = find(method, path.replace("{", "").replace("}", ""))
    if path.startswith(INTERNAL):
        assert isinstance(found, Refusal) and found.status == 404
    else:
        assert found == Row(path, ROUTES[method, path])


@pytest.mark.parametrize(
    ("method", "path", "row"),
    [
        ("POST", "/v1/scenarios/validate", "/v1/scenarios/validate"),
        ("GET", "/v1/scenarios/validate", "/v1/scenarios/{key}"),
        ("GET", "/v1/scenarios/instances", "/v1/scenarios/{key}"),
        ("GET", "/v1/contacts/timeline", "/v1/contacts/{contact_id}"),
        ("GET", "/v1/contacts/a%2Fb/timeline", "/v1/contacts/{contact_id}/timeline"),
        ("GET", "/v1/contacts/a%2Ftimeline", "/v1/contacts/{contact_id}"),
        ("GET", "/v1/contacts/%7Bcontact_id%7D/timeline", "/v1/contacts/{contact_id}/timeline"),
        ("POST", "/v1/contacts/c-1/instances", "/v1/contacts/{contact_id}/instances"),
        ("GET", "/u/token", "/u/{token}"),
    ],
)
def test_a_request_means_one_row(method: str, path: str, row: str) -> None:
    found = find(method, path)
    assert isinstance(found, Row)
    assert (found.path, found.access) == (row, ROUTES[method, row])


def test_a_path_of_two_owners_goes_by_the_method() -> None:
    rows = [find(method, "/v1/contacts/c-1/instances") for method in ("GET", "POST")]
    assert [row.access.service for row in rows if isinstance(row, Row)] == ["executor", "launcher"]


@pytest.mark.parametrize("service", ["contacts", "executor", "messaging", "log"])
def test_the_query_says_whose_ledger_is_meant(service: str) -> None:
    assert named(ROUTES["GET", "/v1/launches/{launch_id}/ledger"], service) == service


@pytest.mark.parametrize(("service", "code"), [(None, "service_missing"), ("launcher", "unknown_service")])
def test_who_has_no_ledger_is_refused(service: str | None, code: str) -> None:
    refusal = named(ROUTES["GET", "/v1/launches/{launch_id}/ledger"], service)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.code) == (422, code)
    assert "messaging" in refusal.remedy


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v1/launches/",
        "/v1/launches/l1/nothing",
        "/v1/launches/l1/stop/now",
        "/v1/launches/../../internal/tokens",
        "/v1/launches/%2e%2e/internal",
        "/v1//launches",
        "/u//",
        "/u/token/",
        "/internal/tokens",
        "/internal/counts",
        "/%69nternal/tokens",
        "/metrics",
    ],
)
def test_a_path_without_a_row_does_not_exist(path: str) -> None:
    for method in ("GET", "POST"):
        refusal = find(method, path)
        assert isinstance(refusal, Refusal)
        assert (refusal.status, refusal.code) == (404, "not_found")
        assert refusal.remedy


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_another_method_is_refused_and_the_right_ones_are_named(method: str) -> None:
    refusal = find(method, "/v1/launches/l1/stop")
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.code, refusal.headers) == (405, "method_not_allowed", {"Allow": "POST"})


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


@pytest.mark.parametrize(("path", "query"), [("/v1/contacts/a%00b", ""), ("/v1/contacts", "cursor=%00")])
def test_a_character_that_no_database_keeps_is_refused_here(path: str, query: str) -> None:
    refusal = find("GET", path, query)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.code) == (422, "invalid")
    assert isinstance(find("GET", "/v1/contacts/a%2500b"), Row)


def test_of_every_guarded_route_the_parameters_are_known() -> None:
    known = declared(orjson.loads(OPENAPI))
    guarded = {row for row, access in ROUTES.items() if access.permission is not Door.PUBLIC}
    assert {row for row in guarded if not row[1].startswith(INTERNAL)} <= known.keys()


def test_a_parameter_is_refused_once_and_shortened() -> None:
    assert unknown({"cursor": False, "limit": False}, ["limit", "cursor"]) is None
    refused = unknown({}, ["x" * 300, "y", "y"])
    assert refused is not None and refused.detail == f"there is no parameter {'x' * 50} or y here"


def test_only_a_parameter_that_is_a_list_is_given_several_times() -> None:
    parameters = [
        {"name": "tag", "in": "query", "schema": {"type": "array"}},
        {"name": "limit", "in": "query", "schema": {"type": "integer"}},
        {"name": "key", "in": "path", "schema": {"type": "string"}},
    ]
    known = declared({"paths": {"/v1/x": {"get": {"parameters": parameters}}}})["GET", "/v1/x"]
    assert list(known) == ["limit", "tag"]
    assert repeated(known, ["tag", "limit", "tag"]) is None
    refused = repeated(known, ["limit", "tag", "limit"])
    assert refused is not None and (refused.status, refused.code) == (422, "repeated_parameter")
