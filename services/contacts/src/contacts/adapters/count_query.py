"""The one statement of a count, put together: names, ids and constants are always parameters."""

from typing import Any

from contacts.adapters.audience import document
from contacts.adapters.places import STANDING
from contacts.adapters.segments import compile_where
from contacts.adapters.selected import listed_by
from contacts.domain.counting import ACTIVE, ADDRESSED, FIRST_CONSENT, GONE, PERMITTED, SUPPRESSED, TAKEN
from contacts.ports.counting import Asked
from runtime.cel import Condition

_TOLD = "FROM place_chunk WHERE project = {project} AND scenario = {scenario}"
_RUNNING = f"""
    SELECT contact_id FROM (
        SELECT launch_id, unnest(contact_ids) AS contact_id, ended {_TOLD} AND launch_id IN (
            SELECT launch_id {_TOLD} {{only}} GROUP BY launch_id
            HAVING {STANDING} <> 0
        )
    ) AS told
    GROUP BY launch_id, contact_id HAVING NOT bool_or(ended)
"""  # noqa: S608
"""Of launches in which not all have ended that started."""
_TAKEN = {
    "running": _RUNNING.replace("{only}", ""),
    "once": f"SELECT unnest(contact_ids) AS contact_id {_TOLD} AND keeps AND NOT ended UNION ALL "
    + _RUNNING.replace("{only}", "AND NOT keeps"),
}


def selected(asked: Asked) -> str | list[str]:
    """Whom a count of kind contacts is of: those of this launch, or these."""
    if asked.launch_id is not None and not asked.contact_ids:
        return asked.launch_id
    return sorted(set(asked.contact_ids))


class CountQuery:
    """`in_sql`: figures can be counted by PostgreSQL alone; else it pages contacts to be evaluated in Python."""

    def __init__(self, asked: Asked) -> None:
        self.arguments: list[Any] = []
        self._asked = asked
        self._project = self._parameter(asked.project)
        self._source = "contact"
        self._contact_id = "contact.contact_id"
        self._contacts = "count(*)"
        self._conditions = [f"contact.project = {self._project}", "NOT contact.deleted"]
        self._bits = {
            ACTIVE: "contact.active",
            SUPPRESSED: "contact.suppressed",
            ADDRESSED: "contact.email IS NOT NULL",
        }
        for index, kind in enumerate(asked.types):
            given = self._parameter({kind: True})
            self._bits[1 << FIRST_CONSENT + index] = f"coalesce(contact.consent @> {given}::jsonb, false)"
        self._left: list[Condition] = []
        """Of the reach, what is not SQL."""
        self._left_where: Condition | None = None
        if asked.kind == "contacts":
            self._choose_contacts()
        if asked.where is not None and (where := self._where(asked.where)):
            self._conditions.append(where)
        elif asked.where is not None:
            self._left_where = asked.where
        self._look_at_reach()

    @property
    def in_sql(self) -> bool:
        return not self._left and self._left_where is None

    @property
    def is_tallied(self) -> bool:
        """Nothing is looked at but what `contact_tally` tells apart."""
        return self._asked.kind in ("all", "groups") and not self._asked.reach

    def choose_tallies(self) -> None:
        """In the place of contacts: good for `counted` alone."""
        self._source = "contact_tally AS contact"
        self._contacts = "sum(contact.contacts)::bigint"
        self._conditions = [f"contact.project = {self._project}"]
        self._bits[ADDRESSED] = "contact.addressed"
        if self._asked.kind == "groups":
            self.choose_groups(few=False)

    def choose_taken(self) -> None:
        """Only contacts whose place is taken, looked up one by one."""
        if self._asked.kind == "groups":
            self.choose_groups(few=False)
        self._conditions.append(f"contact.contact_id IN ({self._taken()})")
        self._bits[TAKEN] = "true"

    def choose_groups(self, few: bool) -> None:
        groups = self._parameter(list(self._asked.groups))
        if not few:
            self._conditions.append(f"contact.groups && {groups}::text[]")
            return
        members = f"SELECT DISTINCT contact_id FROM membership WHERE project = {self._project}"  # noqa: S608
        chosen = f"({members} AND group_id = ANY ({groups}::text[])) AS chosen"
        self._source = f"{chosen} JOIN contact ON contact.project = {self._project}"
        self._source += " AND contact.contact_id = chosen.contact_id"

    def look_at_places(self, there_are: bool) -> None:
        if not there_are or self._asked.place is None:
            return
        self._source += f" LEFT JOIN ({self._taken()}) AS place ON place.contact_id = contact.contact_id"
        self._bits[TAKEN] = "place.contact_id IS NOT NULL"

    def counted(self) -> str:
        """Grouped by each truth, not by the code: PostgreSQL knows that a truth has two values, so that every worker
        counts for itself, and takes a code to be different in every row."""
        truths = ", ".join(held for held in self._bits.values() if held != "true")
        chosen = f"SELECT {self._code()} AS code, {self._contacts} AS contacts FROM {self._from()}"  # noqa: S608
        return f"{chosen} GROUP BY {truths} HAVING {self._contacts} > 0"

    def listed(self) -> str:
        codes, after, limit = self._next(3)
        chosen = f"SELECT {self._contact_id} AS contact_id, {self._code()} AS code FROM {self._from()}"  # noqa: S608
        return f"""
            SELECT contact_id FROM ({chosen}) AS chosen
            WHERE code = ANY ({codes}::bigint[]) AND contact_id > {after}::text COLLATE "C"
            ORDER BY contact_id LIMIT {limit}
        """  # noqa: S608

    def paged(self) -> str:
        after, limit = self._next(2)
        seen = f"CASE WHEN contact.project IS NOT NULL THEN {document('contact.')} END"
        return f"""
            SELECT * FROM (
                SELECT {self._contact_id} AS contact_id, {self._code()} AS code, {seen} AS document
                FROM {self._from()}
            ) AS chosen
            WHERE contact_id > {after}::text COLLATE "C" ORDER BY contact_id LIMIT {limit}
        """  # noqa: S608

    def evaluate(self, row: Any) -> tuple[str, int] | None:
        """None: it is not one of the segment."""
        code: int = row["code"]
        contact = {"contact": row["document"]}
        if self._left_where is not None and not self._left_where.holds(contact):
            return None
        if not code & GONE and self._left and not all(condition.holds(contact) for condition in self._left):
            code &= ~PERMITTED
        return row["contact_id"], code

    def _choose_contacts(self) -> None:
        chosen = selected(self._asked)
        listed = listed_by(chosen, self._project, self._parameter(chosen))
        self._source = f"({listed}) AS chosen LEFT JOIN contact ON contact.project = {self._project}"
        self._source += " AND contact.contact_id = chosen.contact_id AND NOT contact.deleted"
        self._contact_id = "chosen.contact_id"
        self._conditions = []
        self._bits[GONE] = "contact.project IS NULL"

    def _look_at_reach(self) -> None:
        if self._asked.reach is None:
            return
        written = []
        for condition in self._asked.reach:
            if where := self._where(condition):
                written.append(where)
            else:
                self._left.append(condition)
        self._bits[PERMITTED] = " AND ".join(written) or "true"

    def _taken(self) -> str:
        taken = _TAKEN[self._asked.place or ""].format(
            project=self._project, scenario=self._parameter(self._asked.scenario)
        )
        return f"SELECT DISTINCT contact_id FROM ({taken}) AS told"  # noqa: S608

    def _where(self, condition: Condition) -> str | None:
        where = compile_where(condition, len(self.arguments) + 1)
        if where is None:
            return None
        self.arguments += where.arguments
        return where.sql

    def _code(self) -> str:
        return " + ".join(f"CASE WHEN {held} THEN {bit}::bigint ELSE 0 END" for bit, held in sorted(self._bits.items()))

    def _from(self) -> str:
        return f"{self._source} WHERE {' AND '.join(self._conditions) or 'true'}"

    def _parameter(self, value: Any) -> str:
        self.arguments.append(value)
        return f"${len(self.arguments)}"

    def _next(self, count: int) -> list[str]:
        """Of parameters that the caller adds."""
        return [f"${len(self.arguments) + 1 + index}" for index in range(count)]
