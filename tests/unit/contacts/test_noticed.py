"""What attributes a file gives, and of which kinds: nothing is changed by it, and nothing is passed over."""

from collections.abc import Iterator

from contacts.domain.files import read_csv, read_ndjson
from contacts.domain.noticed import MOST, Noticed, noticed
from contracts.crm import ContactGiven


def taken(text: str, *, csv: bool = False) -> Iterator[tuple[int, ContactGiven]]:
    for line in (read_csv if csv else read_ndjson)(text.encode()):
        assert line.given is not None, line.reason
        yield line.number, line.given


def test_an_attribute_of_two_kinds_stands_twice_with_its_first_lines() -> None:
    values = ["1", "2.5", '"n/a"', "true", "null", '"?"', "[1]", '{"a":1}', '"-"', '"x"']
    text = "\n".join(f'{{"id":"c{n}","attributes":{{"score":{value}}}}}' for n, value in enumerate(values))
    assert noticed(taken(text)) == [
        Noticed("score", "array", 1, (7,)),
        Noticed("score", "boolean", 1, (4,)),
        Noticed("score", "number", 2, (1, 2)),
        Noticed("score", "object", 1, (8,)),
        Noticed("score", "string", 4, (3, 6, 9)),
    ]


def test_a_column_that_is_no_field_is_an_attribute_and_is_named() -> None:
    text = "id,email,E-Mail,score,note:text\na,a@x.example,b@x.example,5,5\nb,,,n/a,\n"
    assert noticed(taken(text, csv=True)) == [
        Noticed("E-Mail", "string", 1, (2,)),
        Noticed("note", "string", 1, (2,)),
        Noticed("score", "number", 1, (2,)),
        Noticed("score", "string", 1, (3,)),
    ]


def test_however_many_there_are_the_answer_is_short() -> None:
    many = {f"a{n:04}": 1 for n in range(900)}
    assert len(noticed([(1, ContactGiven(id="a", attributes=many))])) == MOST
    assert noticed([(1, ContactGiven(id="a"))]) == []
