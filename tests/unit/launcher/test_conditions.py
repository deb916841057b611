"""`If-Match`: which revisions somebody says they have seen; and what roles stand for."""

import pytest
from pydantic import ValidationError

from contracts.words import ROLES, Permission, Role
from launcher.api.shapes import Permitted
from launcher.domain.refusals import changed_meanwhile
from runtime.entity_tags import ANY, seen


@pytest.mark.parametrize(
    ("given", "revisions"),
    [
        (None, None),
        ('"3"', {3}),
        ('W/"3"', {3}),
        ('"3", W/"4" ,"x"', {3, 4}),
        ("3", set()),
        ('"-1"', set()),
        ('"3"x', set()),
        ("", set()),
    ],
)
def test_what_is_no_tag_of_ours_was_never_seen(given: str | None, revisions: set[int] | None) -> None:
    assert seen(given) == revisions


def test_only_what_was_not_seen_is_refused() -> None:
    assert changed_meanwhile(None, 3, "it") is None
    assert changed_meanwhile(frozenset({2, 3}), 3, "it") is None
    assert changed_meanwhile(seen("*"), 3, "it") is None
    assert changed_meanwhile(None, None, "it") is None
    for given in (ANY, frozenset({3})):
        assert changed_meanwhile(given, None, "what there is not") is not None
    denied = changed_meanwhile(frozenset(), 3, "it")
    assert denied is not None
    assert denied.code == "changed_meanwhile"


def test_a_role_is_its_permissions_beside_those_that_are_named() -> None:
    given = Permitted.model_validate({"grants": ["contacts:write"], "roles": ["viewer", "marketer"]})
    assert given.permissions == {Permission.CONTACTS_WRITE, Permission.VIEW, Permission.PROCESS_START}
    assert ROLES.keys() == set(Role)


@pytest.mark.parametrize(
    "body", [{}, {"roles": ["viewer"]}, {"grants": [], "roles": ["emperor"]}, {"grants": ["everything"]}]
)
def test_nothing_said_is_not_the_same_as_nothing_granted(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Permitted.model_validate(body)
    assert Permitted.model_validate({"grants": []}).permissions == frozenset()
