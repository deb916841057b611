"""What to do is said once, as requests; at the command line the command for each is read."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from cli.app import GROUPS, TOP_LEVEL, app
from cli.requests import COMMANDS, as_commands

ROOT = Path(__file__).resolve().parents[3]
FILES = [*ROOT.glob("services/*/src/**/*.py"), *ROOT.glob("shared/runtime/src/**/*.py")]
NAMES = [name for table in (TOP_LEVEL, GROUPS) for names in table.values() for name in names]
COMMAND = re.compile(rf"slipway (?:{'|'.join(NAMES)})\b")
REQUEST = re.compile(r"(?:GET|POST|PUT|PATCH|DELETE) /(?:v1|openapi)\S*")
IN_LOGS = {"shared/runtime/src/runtime/handling.py", "shared/runtime/src/runtime/topics.py"}
"""What they say of commands is for who runs the service: nothing of it is an answer."""


def said(node: ast.AST) -> Iterator[str]:
    """Texts in the code; `x` stands for what is filled in. Docstrings are none."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(each.value) if isinstance(each, ast.Constant) else "x" for each in node.values)
        inner: list[ast.AST] = [each for each in node.values if isinstance(each, ast.FormattedValue)]
    else:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        inner = list(ast.iter_child_nodes(node))
    for each in inner:
        yield from said(each)


def everything_said() -> Iterator[tuple[str, str]]:
    for file in FILES:
        where = str(file.relative_to(ROOT))
        if file.name != "settings.py":
            yield from ((where, text) for text in said(ast.parse(file.read_text())))


def test_no_answer_of_a_service_names_a_command() -> None:
    assert not [(where, text) for where, text in everything_said() if where not in IN_LOGS and COMMAND.search(text)]


def test_every_request_that_is_named_has_its_command() -> None:
    """What is a request from its first to its last character is compared or called, not said."""
    named = [text for _, text in everything_said() if REQUEST.search(text) and not REQUEST.fullmatch(text)]
    assert len(named) > 30
    assert not [text for text in named if REQUEST.search(as_commands(text))]


def test_every_command_stands_for_a_request_that_there_is() -> None:
    paths: dict[str, Any] = json.loads((ROOT / "services/console/src/console/openapi.json").read_text())["paths"]
    there = {f"{verb.upper()} {re.sub(r'{.*?}', '{}', path)}" for path, verbs in paths.items() for verb in verbs}
    for request in filter(REQUEST.match, COMMANDS):
        asked = re.split(r"\?| {", re.sub(r"/{\w+}", "/{}", request))[0]
        assert asked in there | {"GET /openapi.json"}, request


@pytest.mark.parametrize("typed", [command for command in COMMANDS.values() if command.startswith("slipway ")])
def test_every_command_is_one(typed: str) -> None:
    command, words = get_command(app), typed.split()[1:]
    while words and (inner := getattr(command, "get_command", lambda *_: None)(typer.Context(command), words[0])):
        command, words = inner, words[1:]
    options = {option for param in command.params for option in param.opts} | {"--help"}
    assert {word for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize(
    ("request_", "command"),
    [
        ("look at `GET /v1/scenarios`, or push it", "look at `slipway scenario list`, or push it"),
        ("`GET /v1/launches/l-1` shows it", "`slipway show l-1` shows it"),
        ("`POST /v1/launches/l-1/stop` stops it", "`slipway stop l-1` stops it"),
        ("`GET /v1/launches/l-1/instances?step=won`", "`slipway outcomes l-1 --step won`"),
        ('`POST /v1/projects {"key": "shop"}`', "`slipway project create shop`"),
        (
            '`POST /v1/users/ann/grant {"grants": ["view", "contacts:write"]}`',
            "`slipway user grant ann --grant view --grant contacts:write`",
        ),
        ('in quotes, such as `"year": "2024"`', """in quotes, such as `--context year='"2024"'`"""),
        ("leave out `Slipway-As`", "leave out `--as`"),
        ("`GET /v2/launches` is of later", "`GET /v2/launches` is of later"),
        ("give `on_skipped`", "give `on_skipped`"),
    ],
)
def test_a_request_is_told_as_its_command(request_: str, command: str) -> None:
    assert as_commands(request_) == command
