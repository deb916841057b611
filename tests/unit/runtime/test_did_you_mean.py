"""Words that are nearly known are answered with the known ones."""

from runtime.did_you_mean import did_you_mean

STATES = {"sent", "send", "skipped"}


def test_the_closest_word_is_named_and_as_many_as_are_wanted() -> None:
    assert did_you_mean("snet", STATES) == ": did you mean `sent`?"
    assert did_you_mean("sen", STATES, most=3) == ": did you mean `sent` or `send`?"


def test_nothing_is_guessed_where_no_word_is_close() -> None:
    assert did_you_mean("colour", STATES) == did_you_mean("colour", []) == ""
