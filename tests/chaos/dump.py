"""A run as files: evidence that can be judged again, by anybody, without the platform.

python -m chaos.dump FOLDER
"""

import base64
import gzip
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chaos.oracle.judge import judge
from chaos.oracle.plain import Command, Poison, Record, Run, Sample, Sighting

KINDS: dict[str, Any] = {"commands": Command, "sightings": Sighting, "samples": Sample, "poison": Poison}


def save(run: Run, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "records", map(_as_text, run.records))
    _write(folder / "mails", run.mails)
    for service, tables in run.rows.items():
        for table, rows in tables.items():
            _write(folder / f"{service}.{table}", rows)
    for name in KINDS:
        _write(folder / f"run.{name}", map(asdict, getattr(run, name)))
    ends = [[topic, partition, end] for (topic, partition), end in run.ends.items()]
    (folder / "run.json").write_text(json.dumps({"ends": ends, "at": run.at, "most_memory": run.most_memory}))


def load(folder: Path) -> Run:
    about = json.loads((folder / "run.json").read_text())
    rows: dict[str, dict[str, list[Any]]] = {}
    for file in folder.glob("*.*.jsonl.gz"):
        service, table = file.name.split(".")[:2]
        if service != "run":
            rows.setdefault(service, {})[table] = list(_read(file))
    more = {name: [_made(name, line) for line in _read(folder / f"run.{name}.jsonl.gz")] for name in KINDS}
    return Run(
        rows=rows,
        records=[_of_text(line) for line in _read(folder / "records.jsonl.gz")],
        mails=list(_read(folder / "mails.jsonl.gz")),
        ends={(topic, partition): end for topic, partition, end in about["ends"]},
        at=about["at"],
        most_memory=about["most_memory"],
        **more,
    )


def _made(name: str, line: dict[str, Any]) -> Any:
    if name == "sightings":
        line["ends"] = {int(partition): end for partition, end in line["ends"].items()}
    return KINDS[name](**line)


def _write(file: Path, lines: Iterable[Any]) -> None:
    with gzip.open(file.with_name(file.name + ".jsonl.gz"), "wt", compresslevel=1) as opened:
        opened.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _read(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt") as opened:
        yield from map(json.loads, opened)


def _as_text(record: Record) -> dict[str, Any]:
    """Values of our own records are JSON text; whatever is not text travels as base64."""
    headers = [[name, _text(value)] for name, value in record.headers]
    return {**asdict(record), "key": _text(record.key), "headers": headers, "value": _text(record.value)}


def _of_text(line: dict[str, Any]) -> Record:
    headers = tuple((name, _bytes(value) or b"") for name, value in line["headers"])
    return Record(**{**line, "key": _bytes(line["key"]), "headers": headers, "value": _bytes(line["value"])})


def _text(value: bytes | None) -> str | list[str] | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return [base64.b64encode(value).decode()]


def _bytes(text: str | list[str] | None) -> bytes | None:
    if isinstance(text, list):
        return base64.b64decode(text[0])
    return None if text is None else text.encode()


if __name__ == "__main__":
    found = judge(load(Path(sys.argv[1])))
    print(*found, sep="\n")
    raise SystemExit(bool(found))
