"""What a model has against its input, in words."""

from collections.abc import Mapping
from typing import Any, Final

PATTERNS: Final = {
    r"^[a-z0-9][a-z0-9_-]{0,62}$": "1 to 63 lower-case letters, digits, _ and -, not beginning with _ or -, such as "
    "spring-offer",
    r"^[a-z][a-z0-9_]{0,62}$": "1 to 63 lower-case letters, digits and _, beginning with a letter, such as first_mail",
    r"^[a-z0-9][a-z0-9_.@+-]{0,62}$": "1 to 63 lower-case letters, digits and _ . @ + -, beginning with a letter or "
    "digit, such as ann or ann@acme.example",
    r"^(\d{1,6}(s|m|h|d))+$": "a duration, such as 30m, 2d or 1d12h",
    r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+$": "a mail address, such as ann@acme.example",
    r"^[\x21-\x7e]+$": "letters, digits and signs without spaces, such as order-4711",
    r"^[^\x00-\x1f\x7f-\x9f]+$": "a text without control characters, such as c-1",
    r"^[^\x00-\x1f\x7f]+$": "a text without control characters, such as c-1",
    r"^[^\x00-\x1f\x7f]*$": "a text without control characters",
    r"^[A-Za-z0-9_.-]+$": "letters, digits, _ . and -",
    r"^(.{32,})?$": "at least 32 characters: `openssl rand -hex 32` makes some",
    r"^(https?://[^/\s]+.*)?$": "an address such as http://127.0.0.1:8000",
    r"^(postgres(ql)?://.+)?$": "an address such as postgresql://user:password@127.0.0.1:5432/{service}",
    r"^[A-Za-z0-9._-]{0,60}$": "at most 60 letters, digits, . _ and -, such as executor-0",
    r"^[A-Za-z0-9._-]{0,100}$": "at most 100 letters, digits, . _ and -, such as acme.",
    r"^([^:\s]+:[^:\s]+:\d+)?$": "NAME:ACTION:NTH, such as stream.committed:kill:3",
    r"^(admin\.\S{32,})?$": "admin. and at least 32 characters behind it",
}
"""What is allowed, by each pattern that a field of ours has (a test looks that none is missing)."""


WORDS: Final = {
    "missing": "it is missing",
    "enum": "write {expected}",
    "literal_error": "write {expected}",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "string_type": "write a text",
    "string_unicode": "half a surrogate pair is no text: write the whole character, or leave it out",
    "list_type": "a list is meant: […]",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "int_from_float": "write a whole number",
    "float_type": "write a number",
    "float_parsing": "write a number",
    "datetime_type": "write a time, such as 2026-11-22T09:30:00Z",
    "datetime_parsing": "write a time, such as 2026-11-22T09:30:00Z",
    "datetime_from_date_parsing": "write a time, such as 2026-11-22T09:30:00Z",
    "timezone_aware": "write a time with its zone, such as 2026-11-22T09:30:00Z",
    "string_too_long": "write at most {max_length} characters",
    "string_too_short": "write at least {min_length} characters",
    "too_long": "at most {max_length} are allowed, not {actual_length}",
    "too_short": "at least {min_length} are needed, not {actual_length}",
    "greater_than": "write more than {gt}",
    "greater_than_equal": "write {ge} or more",
    "less_than": "write less than {lt}",
    "less_than_equal": "write {le} or less",
}
"""By pydantic's type of refusal, with what its context names."""


def allowed(pattern: str) -> str:
    return PATTERNS.get(pattern, f"what matches {pattern}")


def in_words(problem: Mapping[str, Any]) -> str:
    """One of `ValidationError.errors()`, without its place."""
    context = problem.get("ctx") or {}
    match problem["type"]:
        case "extra_forbidden":
            return "there is no such field"
        case "string_pattern_mismatch":
            return f"write {allowed(context['pattern'])}"
        case "union_tag_invalid":
            return f"{context['discriminator']} is one of {context['expected_tags']}, not {context['tag']}"
        case "union_tag_not_found":
            return f"{context['discriminator']} is missing, which says what it is"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "an object is meant: {…}"
        case "json_invalid":
            return f"not JSON: {context.get('error', problem['msg'])}"
        case "value_error":
            return str(problem["msg"]).removeprefix("Value error, ")
        case "string_too_short" if context["min_length"] == 1:
            return "write at least 1 character"
        case "too_long" if context["actual_length"] is None:  # nobody counted on
            return f"at most {context['max_length']} are allowed, not more"
        case known if known in WORDS:
            return WORDS[known].format_map(context)
        case _:
            return str(problem["msg"])
