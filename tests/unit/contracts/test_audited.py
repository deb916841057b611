"""The vocabulary of the audit is what the services note: a filter for anything else is refused."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from contracts.audited import ACTIONS, THINGS

ROOT = Path(__file__).parents[3]
NOTING = ("note", "_note", "_moved", "_change")
NAMED = ("action", "ACTIONS", "_ACTIONS", "OVERRIDE_REACHED")
WRITTEN_OUT = {"launch.": ("launch.declined", "launch.cancelled", "launch.paused", "launch.resumed")}
"""What is put together of the event's name."""


def noting(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in NOTING:
                yield from node.args
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in NAMED:
                yield value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if name in NAMED:
                yield value


def texts() -> set[str]:
    sources = [*(ROOT / "services").glob("*/src/**/*.py"), ROOT / "shared/runtime/src/runtime/parked.py"]
    said = (part for source in sources for part in noting(ast.parse(source.read_text())))
    return {
        node.value
        for part in said
        for node in ast.walk(part)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_action_that_is_noted_is_known_and_every_known_one_is_noted() -> None:
    found = {text for text in texts() if re.fullmatch(r"[a-z]+\.[a-z_]*", text)}
    for beginning, whole in WRITTEN_OUT.items():
        assert beginning in found
        found = found - {beginning} | set(whole)
    assert found == set(ACTIONS)


def test_every_kind_of_thing_that_is_noted_is_known() -> None:
    kinds = {text.removesuffix("/") for text in texts() if re.fullmatch(r"[a-z]+/", text)}
    assert kinds <= set(THINGS)
    assert {action.partition(".")[0] for action in ACTIONS} - set(THINGS) == {"consent", "suppression"}
