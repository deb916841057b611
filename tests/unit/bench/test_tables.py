"""The tables of `docs/performance.md`, from results."""

from typing import Any

from bench.figures import measured, shown
from bench.paint import tables


def of(name: str, *values: float, n: int = 1000, part: str = "launch", **more: Any) -> dict[str, Any]:
    return {**measured(name, values, "µs", n, **more), "part": part}


def test_a_figure_stands_beside_what_was_asked_and_what_it_was() -> None:
    table = tables.figures([of("cpu_per_contact", 165.0)], [of("cpu_per_contact", 60.0, 70.0, 80.0)])
    assert "| CPU per contact, all processes, µs | 1,000 | ≤ 80 | ≤ 50 | 165 | **70.0** (60.0 – 80.0) |" in table


def test_a_measure_that_is_new_has_no_before() -> None:
    assert "| ≤ 0.5 |  |  | **0.20**" in tables.figures([], [of("stop", 0.2)])


def test_statements_add_up_to_the_whole() -> None:
    found = [
        of("statements_cpu_postgres", 10.0, part="statements"),
        of("statements", 6.0, part="statements"),
        of("statement", 5.0, part="statements", of="log: SELECT 'a: b'", calls=7),
        of("statement", 0.2, part="statements", of="log: COMMIT;", calls=9),
    ]
    table = tables.statements([], found)
    assert "| 5.00 | 7 | log | `SELECT 'a: b'` |" in table
    assert "| 1.00 |  |  | all other statements |" in table
    assert "| 4.00 |  |  | outside of them" in table


def test_growth_has_a_row_for_each_size_and_time() -> None:
    table = tables.growth(
        [of("growth_rss", 500.0, n=10)], [of("growth_rss", 400.0, n=10), of("growth_rss", 401.0, n=20)]
    )
    assert [line.split(" | ")[:2] for line in table.splitlines()[2:]] == [
        ["| 10", "before"],
        ["| 10", "after"],
        ["| 20", "after"],
    ]


def test_three_digits_are_shown() -> None:
    assert [shown(value) for value in (0.0, 0.123, 12.34, 12345.6)] == ["0", "0.12", "12.3", "12,346"]
