"""Each behaviour keeps its end-to-end tests, and `make behaviours` says so when one has none that passes."""

import subprocess
import sys
from pathlib import Path

import pytest

from behaviours import BEHAVIOURS, E2E, ROOT, WANTED, marks

SAMPLE = """
import pytest

@pytest.mark.behaviour(1, 2)
def test_passes() -> None:
    pass

@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.behaviour(3)
def test_fails_once(number: int) -> None:
    assert number == 1

@pytest.mark.behaviour(4)
def test_is_skipped() -> None:
    pytest.skip("not here")

@pytest.fixture
def broken_in_the_end():
    yield
    raise OSError

@pytest.mark.behaviour(5)
def test_ends_badly(broken_in_the_end: None) -> None:
    pass

def test_shows_nothing() -> None:
    raise AssertionError("was run, though it is not marked")
"""


def run(folder: Path, *only: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "behaviours", "--tests", str(folder), "--only", *map(str, only)]
    return subprocess.run(command, cwd=ROOT / "tests", capture_output=True, text=True, timeout=60)


def results(done: subprocess.CompletedProcess[str]) -> dict[int, tuple[int, str]]:
    """Number of tests and result, by behaviour."""
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.count(" | ") == 3]
    return {int(number): (int(tests), result) for number, _, tests, result in rows[1:]}


def test_every_wanted_behaviour_keeps_an_end_to_end_test() -> None:
    assert marks(E2E).keys() >= WANTED


def test_marks_are_read_from_the_files(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    found = marks(tmp_path)
    assert found[3] == ["test_sample.py::test_fails_once"]
    assert found.keys() == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("mark", ["behaviour", "behaviour()", "behaviour(0)", "behaviour('1')", "behaviour(1, 33)"])
def test_a_mark_that_names_no_behaviour_is_wrong(tmp_path: Path, mark: str) -> None:
    (tmp_path / "test_sample.py").write_text(f"@pytest.mark.{mark}\ndef test_it(): ...\n")
    with pytest.raises(ValueError, match="1 to 32"):
        marks(tmp_path)


def test_what_did_not_pass_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    good = run(tmp_path, 1, 2)
    assert (good.returncode, results(good)) == (0, {1: (1, "passed"), 2: (1, "passed")}), good.stdout
    bad = run(tmp_path)
    assert bad.returncode == 1
    expected = {1: (1, "passed"), 3: (2, "NOT PASSED"), 4: (1, "NOT PASSED"), 5: (1, "NOT PASSED")}
    expected |= {6: (0, "NO TEST"), 14: (0, "later")}
    found = results(bad)
    assert found.keys() == BEHAVIOURS.keys()
    assert {number: found[number] for number in expected} == expected
    assert "was run" not in bad.stdout


def test_what_cannot_be_collected_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    broken = "import pytest, nothing_of_that_name\n\n@pytest.mark.behaviour(1)\ndef test_it() -> None: ...\n"
    (tmp_path / "test_broken.py").write_text(broken)
    done = run(tmp_path, 1)
    assert (done.returncode, results(done)[1][1]) == (1, "NOT PASSED")
