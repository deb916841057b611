"""The table of faults names tests that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
NAMED = re.compile(r"`((?:unit|integration|e2e|chaos|…)/[\w/]+\.py)(?:::(\w+))?`")


def test_every_test_named_in_the_table_of_faults_is_there() -> None:
    folder = ""
    named = NAMED.findall((ROOT / "docs" / "faults.md").read_text())
    assert len(named) > 30
    for file, test in named:
        path = ROOT / "tests" / file.replace("…", folder)
        folder = str(path.parent.relative_to(ROOT / "tests"))
        assert path.is_file(), path
        assert not test or f"def {test}(" in path.read_text(), f"{test} in {path}"
