"""A run that was written to files is judged as it was."""

from dataclasses import replace
from pathlib import Path

from chaos.dump import load, save
from unit.chaos.honest import honest_run


def test_a_saved_run_comes_back_as_it_was(tmp_path: Path) -> None:
    run = honest_run()
    odd = replace(run.records[0], key=None, value=b"\xff\x00")
    run = replace(run, records=[odd, *run.records[1:]], poison=[])
    save(run, tmp_path)
    again = load(tmp_path)
    assert again.records == run.records
    assert {service: dict(tables) for service, tables in again.rows.items()} == run.rows
    assert replace(again, records=(), rows={}) == replace(run, records=(), rows={})
