"""Tables in Markdown, from results."""

from collections.abc import Iterable, Sequence

from bench.figures import ASKED, Measure, shown

SENTENCES = {
    "end_to_end_of_limit": "end to end, of the limit program in the same run",
    "cpu_per_contact": "CPU per contact, all processes",
    "send_wait_send_of_single": "send + wait + send, of a single send's rate",
    "mails": "e-mails",
    "cpu_per_mail": "CPU per e-mail, without the sink",
    "first_message": "first message of a launch",
    "small_launch": "one-contact launch in the middle of a large one: its message",
    "stop": "accepted stop to the last hand-over",
    "rss": "memory of all own processes (PSS)",
    "storage_per_million": "PostgreSQL, per million contacts finished",
    "cpu_8x4_of_1x1": "CPU per contact, 8 partitions and 4 executors of 1 and 1",
    "cpu_8x4_of_1x1_long": "the same in a longer launch",
    "end_to_end": "end to end",
    "limit": "limit program",
    "send_wait_send": "send + wait + send",
    "kafka_per_million": "Kafka's log, per million contacts finished",
}
"""Rows of the table of figures, in its order."""
WAYS = {
    "limit": "plain aiokafka and asyncpg, 500 contacts a record",
    "chunked": "FastStream, 500 contacts a record",
    "batch": "FastStream batch subscriber, a contact a record, written by batches",
    "naive": "FastStream, a contact a record, a transaction and a publication",
    "polled_batch": "job table in PostgreSQL, SKIP LOCKED, 500 jobs a transaction",
    "polled": "job table in PostgreSQL, SKIP LOCKED, a job a transaction",
}
SMALLEST = 0.3
"""µs per contact: statements below share a row."""


def figures(before: Sequence[Measure], after: Sequence[Measure]) -> str:
    rows = []
    for name, sentence in SENTENCES.items():
        old, new = _last(before, name), _last(after, name)
        if new is None:
            continue
        asked, goal = ASKED.get(name, ("", ""))
        now, then = f"**{shown(new['value'])}** ({_span(new)})", _value(old)
        rows.append([f"{sentence}, {new['unit']}", f"{new['n']:,}", asked, goal, then, now])
    return _table(["", "contacts", "asked", "goal", "before", "after (min – max)"], rows)


def processes(before: Sequence[Measure], after: Sequence[Measure]) -> str:
    return _costs(before, after, "launch", "cpu_", "cpu_per_contact")


def mail_processes(before: Sequence[Measure], after: Sequence[Measure]) -> str:
    return _costs(before, after, "mail", "mail_cpu_", "cpu_per_mail")


def statements(before: Sequence[Measure], after: Sequence[Measure]) -> str:
    """Of the later results; the earlier ones' statements may have been others."""
    del before
    found = [measure for measure in after if measure["name"] == "statement"]
    if not found:
        return ""
    large = [measure for measure in found if measure["value"] >= SMALLEST]
    whole, backends = _last(after, "statements"), _last(after, "statements_cpu_postgres")
    assert whole is not None and backends is not None
    rows = [
        [f"{one['value']:.2f}", f"{one['calls']:,}", database, f"`{_short(sql)}`"]
        for one in large
        for database, _, sql in [one["of"].partition(": ")]
    ]
    rest = whole["value"] - sum(one["value"] for one in large)
    rows.append([f"{rest:.2f}", "", "", "all other statements"])
    rows.append([f"{whole['value']:.2f}", "", "", "sum of the statements"])
    outside = backends["value"] - whole["value"]
    rows.append([f"{outside:.2f}", "", "", "outside of them: protocol, wake-ups, background processes, this account"])
    return _table(["µs per contact", f"calls per {whole['n']:,}", "database", "statement"], rows)


def growth(before: Sequence[Measure], after: Sequence[Measure]) -> str:
    names = {
        "growth_end_to_end": "contacts/s",
        "growth_cpu_per_contact": "CPU µs per contact",
        "growth_rss": "memory MB",
        "growth_first_message": "first message s",
        "growth_storage_per_million": "PostgreSQL MB per million",
        "growth_kafka_per_million": "Kafka MB per million",
        "growth_small_launch": "small launch in its middle s",
        "growth_count_everybody": "count of everybody s",
        "growth_count_group": "count of a group s",
        "growth_count_attribute": "count by an attribute s",
    }
    sizes = sorted({one["n"] for one in [*before, *after] if one["name"] in names})
    rows = []
    for size in sizes:
        for when, measures in (("before", before), ("after", after)):
            found = [_last([one for one in measures if one["n"] == size], name) for name in names]
            if any(found):
                rows.append([f"{size:,}", when, *(_value(one) for one in found)])
    return _table(["contacts", "", *names.values()], rows)


def peers(before: Sequence[Measure], after: Sequence[Measure]) -> str:
    del before
    rows = []
    for name, sentence in WAYS.items():
        rate = _last([one for one in after if one.get("of") == name], "peer")
        cpu = _last([one for one in after if one.get("of") == name], "peer_cpu_per_contact")
        rows.append([sentence, f"{rate['n']:,}" if rate else "", _value(rate), _value(cpu)])
    rate, cpu = _last(after, "end_to_end"), _last(after, "cpu_per_contact")
    rows.append(["Slipway, whole", f"{rate['n']:,}" if rate else "", _value(rate), _value(cpu)])
    return _table(["", "contacts", "contacts/s", "CPU µs per contact"], rows)


def storage(before: Sequence[Measure], after: Sequence[Measure]) -> str:
    old = {one["of"]: one for one in before if one["name"] == "storage_of_table"}
    new = {one["of"]: one for one in after if one["name"] == "storage_of_table"}
    rows = [
        [f"`{table}`", _value(old.get(table)), _value(new.get(table))]
        for table in sorted(
            {*old, *new}, key=lambda table: -max(one[table]["value"] for one in (old, new) if table in one)
        )
    ]
    return _table(["table, with indexes", "before, MB per million", "after"], rows)


def _costs(before: Sequence[Measure], after: Sequence[Measure], part: str, prefix: str, total: str) -> str:
    old, new = _of_part(before, part), _of_part(after, part)
    names = {one["name"] for one in [*old, *new] if one["name"].startswith(prefix)} - {total}
    rows = [
        [f"`{name.removeprefix(prefix)}`", _value(_last(old, name)), _value(_last(new, name))]
        for name in sorted(names, key=lambda name: (-(_last(new, name) or _last(old, name) or {})["value"], name))
    ]
    rows.append(["together", _value(_last(old, total)), _value(_last(new, total))])
    return _table(["process, µs", "before", "after"], rows)


def _of_part(measures: Iterable[Measure], part: str) -> list[Measure]:
    return [one for one in measures if one["part"] == part]


def _last(measures: Iterable[Measure], name: str) -> Measure | None:
    return next((one for one in reversed(list(measures)) if one["name"] == name), None)


def _value(measure: Measure | None) -> str:
    return shown(measure["value"]) if measure else ""


def _span(measure: Measure) -> str:
    return f"{shown(measure['min'])} – {shown(measure['max'])}"


def _short(sql: str, most: int = 110) -> str:
    sql = sql.replace("|", "\\|")
    return sql if len(sql) <= most else f"{sql[:most]}…"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
