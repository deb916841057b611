"""Templates: what they put out, what they read, what they refuse, and that no template eats the machine."""

import time
from typing import Any

import pytest

from runtime.templates import RenderError, TemplateError, compile_template

ANN: dict[str, Any] = {
    "contact": {
        "id": "c-1",
        "email": None,
        "groups": ["vip", "vienna"],
        "attributes": {
            "first_name": "<Ann>",
            "score": 71,
            "items": "three",
            "gone": None,
            "long": "a" * 60_000,
            "many": list(range(1000)),
            "nested": {"city": "Wien"},
        },
    },
    "context": {"voucher": "SPRING"},
}


def rendered(source: str, html: bool = False) -> str:
    return compile_template(source, html).render(ANN)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Hi {{ contact.attributes.first_name }}!\n", "Hi <Ann>!\n"),
        ("{{ context.voucher | lower }}", "spring"),
        ("{{ contact.attributes.items }}", "three"),
        ("{{ contact.attributes['nested'].city }}", "Wien"),
        ("{{ contact.groups[0] }}{{ contact.groups[-1] }}", "vipvienna"),
        ("{{ contact.groups | join(', ') }}", "vip, vienna"),
        (
            "{% for g in contact.groups %}{{ loop.index }}{{ g }}{% if not loop.last %},{% endif %}{% endfor %}",
            "1vip,2vienna",
        ),
        ("{% set n = contact.attributes.score + 1 %}{{ n }}", "72"),
        ("{{ 'ab' * 2 ~ 1 }}", "abab1"),
        ("{% if contact.id in ['c-1', 'c-2'] %}yes{% endif %}", "yes"),
        ("{{ (contact.attributes.score / 3) | round(1) }}", "23.7"),
        ("{{ contact.attributes.gone | default('friend') }}", "friend"),
        ("{{ contact.attributes.missing | default('friend') }}", "friend"),
        ("{{ contact.attributes.missing.deeper | default('friend') }}", "friend"),
        ("{% if contact.attributes.missing is defined %}{{ contact.attributes.missing }}{% else %}no{% endif %}", "no"),
        ("{% if contact.email is defined %}yes{% else %}no{% endif %}", "no"),
        ("{% for k, v in contact.attributes.nested | items %}{{ k }}={{ v }}{% endfor %}", "city=Wien"),
    ],
)
def test_a_template_puts_out_text(source: str, text: str) -> None:
    assert rendered(source) == text


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("<b>{{ contact.attributes.first_name }}</b>", "<b>&lt;Ann&gt;</b>"),
        ("{{ contact.attributes.first_name ~ '!' }}", "&lt;Ann&gt;!"),
        ("{{ contact.attributes.first_name | upper }}", "&lt;ANN&gt;"),
        ("{{ [1] | join('<br>') ~ '<br>' }}", "1&lt;br&gt;"),
    ],
)
def test_html_escapes_what_is_put_in(source: str, html: str) -> None:
    assert rendered(source, html=True) == html


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ contact.attributes.missing }}", "contact.attributes.missing is missing"),
        ("{{ contact.attributes.gone }}", "contact.attributes.gone is missing"),
        ("{{ contact.email }}", "contact.email is missing"),
        ("{% if contact.attributes.missing %}x{% endif %}", "contact.attributes.missing is missing"),
        ("{{ user.name }}", "'user' is undefined"),
        ("{{ contact.attributes.score / (1 - 1) }}", "/ by zero has no result"),
        ("{{ contact.attributes.score is divisibleby(1 - 1) }}", "a number cannot be asked whether it is divisibleby"),
        ("{{ -contact.attributes.first_name }}", "- is for numbers"),
        ("{{ contact.attributes.first_name | round }}", "round cannot be applied to a text"),
        (
            "{{ contact.attributes.items | truncate(contact.attributes.score - 70) }}",
            "truncate cannot be applied to a text with what stands in its brackets",
        ),
        ("{{ 'ab'[5:] | first }}", "first finds nothing: what it is applied to is empty"),
        ("{{ contact.attributes.nested.city[5:] | min }}", "min finds nothing: what it is applied to is empty"),
        ("{% for x in contact.attributes.score %}{% endfor %}", "a number has nothing inside to loop over"),
        (
            "a\n{{ contact.attributes.score < contact.id }}",
            "line 2: values are compared, searched, cut or taken apart that are not of a kind for that",
        ),
        (
            "{{ contact.id[::1 - 1] }}",
            "a value does not have as many parts as there are names for, or is cut in steps of 0",
        ),
        ("{{ contact.attributes.score + 'a' }}", "+ is for numbers"),
        ("{{ contact.__class__ }}", "contact.__class__ is missing"),
        ("{{ contact.attributes.first_name.upper }}", "contact.attributes.first_name.upper is missing"),
        ("{{ contact[contact.attributes.first_name] }}", "what the brackets name is missing"),
        ("{{ contact.attributes.missing.inner }}", "contact.attributes.missing is missing"),
        ("{{ contact.name }}{{ context.name }}", "name is missing"),
        (
            "Hello,\n\n{% if true %}\n{{ contact.attributes.missing }}{% endif %}",
            "line 4: contact.attributes.missing is missing",
        ),
        ("one\n{{ 1 // (1 - 1) }}", "line 2: // by zero has no result"),
    ],
)
def test_what_cannot_be_rendered_says_why_without_data(source: str, said: str) -> None:
    with pytest.raises(RenderError) as failed:
        rendered(source)
    assert str(failed.value) == said


@pytest.mark.parametrize(
    ("source", "reads", "optional"),
    [
        ("plain", set(), set()),
        ("{{ contact.attributes.a }}{{ context.b }}", {"contact.attributes.a", "context.b"}, set()),
        ("{{ contact.attributes.a | default('x') }}", {"contact.attributes.a"}, {"contact.attributes.a"}),
        (
            "{{ contact.attributes.a | d(contact.id) }}",
            {"contact.attributes.a", "contact.id"},
            {"contact.attributes.a"},
        ),
        ("{{ contact.attributes.a | d('x') }}{{ contact.attributes.a }}", {"contact.attributes.a"}, set()),
        ("{{ contact.attributes.a | upper | default('x') }}", {"contact.attributes.a"}, set()),
        (
            "{% if contact.attributes.a is defined %}{{ contact.attributes.a }}{% endif %}",
            {"contact.attributes.a"},
            {"contact.attributes.a"},
        ),
        ("{{ contact.attributes['first name'] }}", {"contact.attributes.first name"}, set()),
        ("{{ contact.attributes[context.name] }}", {"contact.attributes", "context.name"}, set()),
        ("{{ contact.groups[0].name }}", {"contact.groups"}, set()),
        ("{{ (contact.attributes.a | default('')).b }}", {"contact.attributes.a"}, {"contact.attributes.a"}),
        ("{% for g in contact.groups %}{{ g }}{{ loop.index }}{% endfor %}", {"contact.groups"}, set()),
        ("{% set n = contact.id %}{{ n }}", {"contact.id"}, set()),
        ("{{ user.name }}", {"user.name"}, set()),
    ],
)
def test_a_template_says_what_it_reads_and_what_may_be_missing(
    source: str, reads: set[str], optional: set[str]
) -> None:
    template = compile_template(source, html=False)
    assert (set(template.reads), set(template.optional)) == (reads, optional)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("one\n{{ contact.id ", "line 2: `}}` is missing at the end"),
        ("{% if contact.id %}", "line 1: {% if … %} has no end: write {% endif %} where it ends"),
        ("{{ }}", "line 1: a value is missing before `}}`"),
        ("{{ contact.id contact.id }}", "line 1: `}}` has to stand before `contact`"),
        ("{% shout %}", "line 1: there is no {% shout %}"),
        ("{{ contact.id.upper() }}", "line 1: calls are not available: use a filter"),
        ("{{ range(5) }}", "calls are not available"),
        (r"{{ contact.attributes['a\x00'] | default('x') }}", "line 1: a text in it has U+0000"),
        ("one\n{{ contact.attributes.a | default('\\u0000') }}", "line 2: a text in it has U+0000"),
        (r"{{ contact.attributes['a' ~ '\x00'] }}", "U+0000"),
        (r"{{ {'\N{NULL}': 1}[contact.id] }}", "U+0000"),
        (r"{{ contact.attributes['\ud800'] }}", "half a surrogate pair"),
        ("one\0two", "U+0000"),
        ("{{ 10 ** 8 }}", "** is not available"),
        ("{% include 'x' %}", "include is not available"),
        ("{% macro f() %}{% endmacro %}", "macro is not available"),
        ("{% autoescape false %}{% endautoescape %}", "autoescape is not available"),
        ("{{ contact.id | safe }}", "no filter safe; there are: abs"),
        ("{{ contact.groups | map('upper') }}", "no filter map"),
        ("{% if contact.id is callable %}{% endif %}", "no test callable"),
        ("{% for g in contact.groups recursive %}{% endfor %}", "recursive loops are not available"),
        ("{{ [contact.id] }}", "constants only"),
        ("{{ {'a': contact.id} }}", "constants only"),
        ("{% set contact = 1 %}", "contact cannot be set"),
        ("{{ contact.id | join(*contact.groups) }}", "* and ** are not available"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "nested too deeply"),
        ("{% if 1 %}" * 200 + "{% endif %}" * 200, "nested too deeply"),
        ("{{ " + "9" * 5000 + " }}", "a number in it is too long"),
        ("x" * 200_000, "longer than"),
        ("one\n{{ contact.attributes.score // 0 }}", "line 2: // by zero has no result"),
        ("{{ contact.attributes.score % -0.0 }}", "% by zero has no result"),
        ("{{ contact.attributes.score is divisibleby 0 }}", "nothing can be divided by zero"),
        ("{{ contact.id[::0] }}", "nothing can be cut in steps of 0"),
        ("{{ contact.id | truncate(-5) }}", "truncate(-5) can be applied to nothing: expected length >= 3, got -5"),
        ("{{ contact.attributes.score | round(400) }}", "round(400) can be applied to nothing: rounds to more than 15"),
        ("{{ contact.attributes.score | round(precision=-999999999) }}", "rounds to more than 15 digits"),
        ("{{ contact.id | replace('c') }}", 'replace("c") can be applied to nothing: it takes something else there'),
    ],
)
def test_what_is_not_of_the_dialect_is_refused_with_line_and_reason(source: str, said: str) -> None:
    with pytest.raises(TemplateError) as refused:
        compile_template(source, html=False)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 100000000 }}",
        "{{ 100000000 * 'a' }}",
        "{% set x = 'a' * 1000 %}" + "{% set x = x ~ x %}" * 40 + "{{ x | length }}",
        "{% set x = 'a' * 1000 %}" + "{% set x = x + x %}" * 40 + "{{ x | length }}",
        "{% set x = 9 %}" + "{% set x = x * x %}" * 40 + "{{ x }}",
        "{{ contact.groups * 100000000 }}",
        "{{ contact.attributes.long | replace('a', contact.attributes.long) }}",
        "{{ contact.attributes.many | replace('1', contact.attributes.long) }}",
        "{{ contact.attributes.long | replace('a', contact.attributes) }}",
        "{{ contact.attributes.many | join(contact.attributes.long) }}",
        "{{ contact.attributes.many | unique | join(contact.attributes.long) }}",
        "{{ contact.attributes.many | reverse | join(contact.attributes.many) }}",
        "{{ contact.attributes | join(contact.attributes.long * 100) }}",
        "{{ contact.attributes.score | round(-contact.attributes.score * 100000000) }}",
        "{{ contact.attributes.score | round(precision=contact.attributes.score) }}",
        "{{ '%099999999d' % 1 }}",
        "{{ contact.attributes.long }}" * 18,
        "{{ " + " ~ ".join(["contact.attributes"] * 1000) + " }}",
        "{% for i in 'a' * 1000000 %}{% endfor %}",
        "{% for a in contact.attributes.many %}" * 4 + "{{ contact.attributes.long }}" + "{% endfor %}" * 4,
    ],
)
def test_a_bomb_is_stopped_early(source: str) -> None:
    template = compile_template(source, html=True)
    before = time.process_time()
    with pytest.raises(RenderError):
        template.render(ANN)
    assert time.process_time() - before < 0.5


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ contact.id | truncate(3) }}", "c-1"),
        ("{{ contact.attributes.score | round(15) }}", "71"),
        ("{{ contact.attributes.nested | dictsort(false, 'value') | length }}", "1"),
        ("{{ contact.groups | sort(reverse=true) | join('/') }}", "vip/vienna"),
        ("{{ contact.attributes.missing | default([]) | join(', ', attribute='name') }}", ""),
        ("{{ contact.attributes.score | int(0, 16) }}{{ [3, 1] | max }}{{ -1 }}{{ 'abc'[::-1] }}", "713-1cba"),
        ("{{ contact.attributes.missing | default(-1) }}", "-1"),
        ("{{ contact.attributes.many[990:] | first | default('none') }}", "990"),
        ("{{ [] | first | default('none') }}", "none"),
        ("{{ (contact.attributes.score % 2) is odd }}{{ 7 is divisibleby 7 }}", "TrueTrue"),
    ],
)
def test_what_can_be_rendered_for_somebody_is_rendered(source: str, text: str) -> None:
    assert rendered(source) == text


def test_one_rendering_leaves_the_budget_of_the_next_alone() -> None:
    template = compile_template("{{ ('a' * 1000000) | length }}", html=False)
    assert {template.render(ANN) for _ in range(20)} == {"1000000"}
