"""The public address keeps to its OpenAPI document: no failure, no answer that is not described, whatever is sent."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from contracts.access import Door
from contracts.words import Permission
from e2e.described import DOCUMENT, Operation, bearer, launched, operations, prepared
from e2e.slipway import Slipway

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
EXAMPLES = 3
"""Of each operation, twice: with names of things that there are, and with any."""
STREAMED = {"/v1/launches/{launch_id}/events"}
"""Never ends: tried by hand, where `watch` is."""
TAKING_AWAY = ("archive", "deactivate", "disable", "revoke")


def _takes_away(operation: Operation) -> bool:
    """What is there for the others: these come last."""
    return operation.method == "DELETE" or operation.path.endswith(TAKING_AWAY)


TRIED = sorted((each for each in operations() if each.path not in STREAMED), key=_takes_away)


@pytest.fixture(scope="module")
def http(slipway: Slipway) -> Iterator[httpx.Client]:
    """As the administrator, with a project that has something of everything."""
    slipway.until_ready()
    project = f"a{uuid.uuid4().hex[:10]}"
    with closing(prepared(slipway, project, f"{project}-0", f"{project}-1")) as client:
        yield client


@pytest.fixture(scope="module")
def everything(http: httpx.Client) -> str:
    """Credentials of who may do everything in the project."""
    return bearer(http, "ann", Permission)


@pytest.fixture(scope="module")
def session(http: httpx.Client) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture(scope="module")
def there(http: httpx.Client) -> Mapping[str, str]:
    """What there is, by the names that parameters and fields have for it."""
    bearer(http, "ben", [Permission.VIEW])
    key = http.post("/v1/keys", json={"grants": ["view"]}).raise_for_status().json()["key_id"]
    http.post("/v1/segments", json={"segment": "mine", "where": "true"}).raise_for_status()
    launch_id, contact_id = launched(http), f"{http.headers['Slipway-Project']}-0"
    named = {"user": "ben", "group": "last", "segment": "mine", "key_id": key, "key": "plain", "scenario": "plain"}
    ids = {"launch_id": launch_id, "launch": launch_id, "contact_id": contact_id}
    return named | ids | {"version": "1", "where": "contact.active"}


@pytest.fixture(scope="module")
def api() -> Any:
    return schemathesis.openapi.from_dict(DOCUMENT)


@pytest.mark.parametrize("real", [True, False], ids=["there", "any"])
@pytest.mark.parametrize("operation", TRIED, ids=[f"{each.method} {each.path}" for each in TRIED])
def test_whatever_is_sent_the_answer_is_described(
    operation: Operation,
    real: bool,
    api: Any,
    http: httpx.Client,
    session: requests.Session,
    everything: str,
    there: Mapping[str, str],
) -> None:
    described = api[operation.path][operation.method]
    fitting = described.as_strategy(GenerationMode.POSITIVE)
    any_kind = st.one_of(fitting, described.as_strategy(GenerationMode.NEGATIVE)) if _has_input(operation) else fitting
    administrator = operation.access.permission is Door.ADMINISTRATOR
    headers = {"Authorization": http.headers["Authorization"] if administrator else everything}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(fitting if real else any_kind)
    def keeps_to_it(case: schemathesis.Case[Any]) -> None:
        if real:
            _point(case, there)
        address = str(http.base_url)
        answer = case.call_and_validate(address, session, headers, CHECKS, timeout=30)
        assert answer.status_code != 429, "refused before anybody looked at it"

    keeps_to_it()


def _has_input(operation: Operation) -> bool:
    return bool(operation.described.get("parameters") or "requestBody" in operation.described)


def _point(case: schemathesis.Case[Any], there: Mapping[str, str]) -> None:
    """At what there is, as a request of its own, from the first page on. A count is of a scenario or of a launch."""
    case.path_parameters = {name: there.get(name, value) for name, value in case.path_parameters.items()}
    case.query = {name: there.get(name, value) for name, value in case.query.items() if name != "cursor"}
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = uuid.uuid4().hex
    if isinstance(case.body, dict):
        one = "launch_id" if "scenario" in case.body else ""
        case.body = {name: there.get(name, value) for name, value in case.body.items() if name != one}
