"""PostgreSQL's account of its statements, as it lies in its log."""

from pytest import approx

from bench.statements import read

LOG = """\
2026-11-22 07:00:00.000 UTC [7] executor LOG:  BIND MESSAGE STATISTICS
2026-11-22 07:00:00.000 UTC [7] executor DETAIL:  ! system usage stats:
\t!\t0.000100 s user, 0.000020 s system, 0.000200 s elapsed
\t!\t[0.5 s user, 0.1 s system total]
2026-11-22 07:00:00.000 UTC [7] executor STATEMENT:  UPDATE instance
\t   SET status = 'ended'
2026-11-22 07:00:00.001 UTC [7] executor LOG:  EXECUTE MESSAGE STATISTICS
2026-11-22 07:00:00.001 UTC [7] executor DETAIL:  ! system usage stats:
\t!\t0.001000 s user, 0.000000 s system, 0.003000 s elapsed
2026-11-22 07:00:00.001 UTC [7] executor STATEMENT:  UPDATE instance
\t   SET status = 'ended'
2026-11-22 07:00:00.002 UTC [3]  LOG:  checkpoint starting: time
2026-11-22 07:00:00.003 UTC [8] log LOG:  QUERY STATISTICS
2026-11-22 07:00:00.003 UTC [8] log DETAIL:  ! system usage stats:
\t!\t0.000300 s user, 0.000000 s system, 0.009000 s elapsed
2026-11-22 07:00:00.003 UTC [8] log STATEMENT:  COMMIT;
"""


def test_binding_and_executing_are_added_up_by_database_and_statement() -> None:
    costs = read(iter(LOG.splitlines()))
    assert set(costs) == {("executor", "UPDATE instance SET status = 'ended'"), ("log", "COMMIT;")}
    update = costs["executor", "UPDATE instance SET status = 'ended'"]
    assert update.calls == 1
    assert update.seconds == approx(0.00112)
    assert update.elapsed == approx(0.0032)


def test_lines_that_are_not_an_account_cost_nothing() -> None:
    assert sum(cost.calls for cost in read(iter(LOG.splitlines())).values()) == 2
    assert read(iter(["2026-11-22 07:00:00.002 UTC [3]  LOG:  checkpoint starting: time"])) == {}
