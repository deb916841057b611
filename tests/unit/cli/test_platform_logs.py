"""Logs: kept small while they grow, and followed."""

from pathlib import Path

from cli.platform.logs import chosen, follow, keep_small, tail


def test_a_log_that_has_grown_too_large_is_set_aside_while_it_is_written(tmp_path: Path) -> None:
    log = tmp_path / "executor-0.log"
    with log.open("ab") as writer:
        writer.write(b"x" * 100)
        writer.flush()
        keep_small(tmp_path, largest=50)
        writer.write(b"new")
    assert log.read_bytes() == b"new"
    assert (tmp_path / "executor-0.log.1").read_bytes() == b"x" * 100


def test_a_service_has_the_logs_of_all_its_processes(tmp_path: Path) -> None:
    for name in ("executor-0", "executor-1", "log-0", "kafka"):
        (tmp_path / f"{name}.log").touch()
    assert [log.stem for log in chosen(tmp_path, "executor")] == ["executor-0", "executor-1"]
    assert [log.stem for log in chosen(tmp_path, "executor-1")] == ["executor-1"]
    assert [log.stem for log in chosen(tmp_path, "kafka")] == ["kafka"]
    assert len(chosen(tmp_path, None)) == 4


def test_the_tail_is_the_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("".join(f"{number}\n" for number in range(1000)))
    assert tail(log, 2) == ["998", "999"]


def test_following_gives_whole_new_lines_also_after_the_log_was_emptied(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("old\n")
    lines = follow([log], pause=0)
    with log.open("a") as writer:
        writer.write("one\ntw")
        writer.flush()
        assert next(lines) == (log, "one")
        writer.write("o\n")
        writer.flush()
        assert next(lines) == (log, "two")
    log.write_text("new\n")
    assert next(lines) == (log, "new")
