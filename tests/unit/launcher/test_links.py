"""Links in messages that lead nowhere are found; those that a template fills in are given the benefit of the doubt."""

import time

import pytest

from launcher.domain.links import wrong_links

RIGHT = [
    '<a href="https://acme.example/sale?x=1#top">',
    "<a href='http://acme.example:8080'>",
    "<A HREF=https://acme.example/sale>",
    '<a href="{{ unsubscribe_url }}">',
    '<a href="https://{{ context.host }}/sale">',
    '<a href="https://acme.example/{{ contact.id }}?{% if contact.active %}a{% endif %}">',
    '<a href="mailto:help@acme.example">',
    '<a href="mailto:{{ context.help }}">',
    '<a href="tel:+431234">',
    '<a href="#top">',
    '<a data-href="x">',
]
WRONG = {
    # html: what it says of it
    '<a href="">': "empty",
    '<a href="www.acme.example">': "no scheme",
    '<a href="/sale/{{ contact.id }}">': "no scheme",
    '<a href="htp://acme.example">': "`htp`",
    '<a href="javascript:alert(1)">': "`javascript`",
    '<a href="https://">': "no host",
    '<a href="https:///sale">': "no host",
    '<a href="https://acme example/sale">': "no host",
    '<a href="https://ann:secret@acme.example">': "user and password",
    '<a href="https://acme.example:many/">': "Port",
    '<a href="https://[::1/">': "IPv6",
    '<a href="mailto:">': "nobody",
}


def found(source: str, *, html: bool) -> list[tuple[str, str]]:
    return list(wrong_links(source, html=html))


@pytest.mark.parametrize("source", RIGHT)
def test_a_link_that_leads_somewhere_is_right(source: str) -> None:
    assert found(source, html=True) == []


@pytest.mark.parametrize("source", WRONG)
def test_a_link_that_leads_nowhere_is_named_with_what_is_wrong(source: str) -> None:
    [(link, why)] = found(f'<p>{{{{ contact.id }}}} <a href="https://acme.example">ok</a> {source}', html=True)
    assert link == source.partition("=")[2].strip("\"'>")
    assert WRONG[source] in why


def test_bare_links_are_those_of_a_text() -> None:
    text = (
        "See https://acme.example/sale, (htps://acme.example) or {{ unsubscribe_url }}. A/B: 1 // 2, www.acme.example"
    )
    assert [link for link, _ in found(text, html=False)] == ["htps://acme.example"]
    assert [link for link, _ in found("https://{{ x }} https://a:b@c/{{ y }}!", html=False)] == [
        "https://a:b@c/{{ y }}"
    ]


@pytest.mark.parametrize("piece", ["{{", "a", "a.", "href=", 'href="', "://", "a://", "{% raw %}{{{% endraw %}", "<a "])
def test_a_hostile_source_is_read_in_a_moment(piece: str) -> None:
    source = piece * (190_000 // len(piece))
    began = time.process_time()
    for html in (False, True):
        found(source, html=html)
    assert time.process_time() - began < 5
