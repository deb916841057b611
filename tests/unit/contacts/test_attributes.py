"""Attributes that nobody has: what to write is something that can be written."""

import pytest

from contacts.domain.attributes import GIVE_DEFAULT, LOOK_OVER, attribute_points
from runtime.templates import compile_template


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("first_name", "contact.attributes.first_name"),
        ("first-name", 'contact.attributes["first-name"]'),
        ("first name", 'contact.attributes["first name"]'),
        ("1st", 'contact.attributes["1st"]'),
        ('"so"', r'contact.attributes["\"so\""]'),
        ("größe", "contact.attributes.größe"),
        ("shoe-größe", 'contact.attributes["shoe-größe"]'),
    ],
)
def test_remedy_of_a_template_is_a_template_that_reads_the_attribute(name: str, read: str) -> None:
    [point] = attribute_points([name], frozenset({"score"}), "steps.hello.send.text", GIVE_DEFAULT)
    written = point.remedy[point.remedy.index("{{") : point.remedy.index("}}") + 2]
    assert written == f"{{{{ {read} | default('…') }}}}"
    assert compile_template(written, html=False).reads == {f"contact.attributes.{name}"}


def test_who_has_given_a_default_is_not_told_that_nobody_gets_it() -> None:
    [point] = attribute_points(["nickname"], frozenset({"score"}), "steps.hello.send.text", GIVE_DEFAULT)
    assert "Wherever it stands without a default, whoever lacks it gets no message" in point.remedy


def test_remedy_of_a_condition_names_no_template() -> None:
    [point] = attribute_points(["first-name"], frozenset({"score"}), "where", LOOK_OVER)
    assert point.remedy == "No contact looked at has the attribute `first-name`. Look it over."
