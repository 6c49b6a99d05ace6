"""What a suite is made of: small frozen declarations, without Great Expectations.

A rule says in SQL which rows are wrong and in a sentence what is wrong with them. Keys,
references, allowed values and a row's own arithmetic are tests beside the dbt models; a rule
here asks whether figures are plausible: volume, range, shape, drift.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

TABLE = "{table}"


class Severity(StrEnum):
    """What a broken rule does to the build: stop it, or be told."""

    BLOCKING = "blocking"
    WARNING = "warning"


@dataclass(frozen=True)
class RowRule:
    """No row of the table meets `where`.

    `sentence` says what is wrong with a row that does; `show` are columns that help to see
    why, beside the table's key. A condition that is null is not met.
    """

    name: str
    sentence: str
    where: str
    show: tuple[str, ...] = ()
    severity: Severity = Severity.BLOCKING


@dataclass(frozen=True)
class QueryRule:
    """A query gives no row. For what no single row shows: sums, days, other tables.

    `{table}` in `query` stands for the suite's table. Each row of the query is one finding;
    `keys` are those of its columns that name it, the others show why.
    """

    name: str
    sentence: str
    query: str
    keys: tuple[str, ...]
    severity: Severity = Severity.BLOCKING


@dataclass(frozen=True)
class ColumnsRule:
    """The table has at least these columns, in any order."""

    columns: tuple[str, ...]
    name: str = "has_its_columns"
    sentence: str = "A declared column is missing"
    severity: Severity = Severity.BLOCKING


Rule = RowRule | QueryRule | ColumnsRule


@dataclass(frozen=True)
class Suite:
    """The rules of one table. `keys` are the columns that name a row of it."""

    schema: str
    table: str
    keys: tuple[str, ...]
    rules: tuple[Rule, ...]

    @property
    def name(self) -> str:
        """The suite's name is its table's, with the schema."""
        return f"{self.schema}.{self.table}"

    def failing_rows_query(self, rule: Rule) -> str:
        """SQL that a person can paste: every row that breaks the rule, keys first."""
        return _failing_rows_query(self, rule).replace(TABLE, self.name)

    def keys_of(self, rule: Rule) -> tuple[str, ...]:
        """The columns that name a failing row of this rule."""
        if isinstance(rule, QueryRule):
            return rule.keys
        return ("column_name",) if isinstance(rule, ColumnsRule) else self.keys


def evaluation_query(suite: Suite, rule: Rule, limit: int) -> str:
    """The same as a template of Great Expectations: few rows, and how many there are.

    `{batch}` is its name for the table; every other brace is doubled, as it asks for. The
    comment names the table in queries that are about it and do not read it.
    """
    keys = ", ".join(suite.keys_of(rule))
    query = (
        f"/* {rule.name} of {TABLE} */\n"
        f"select *, count(*) over () as failing_row_count from (\n"
        f"{_failing_rows_query(suite, rule)}\n) as failing order by {keys} limit {limit}"
    )
    doubled = query.replace("{", "{{").replace("}", "}}")
    return doubled.replace("{" + TABLE + "}", "{batch}")


def _failing_rows_query(suite: Suite, rule: Rule) -> str:
    if isinstance(rule, QueryRule):
        return rule.query.strip()
    if isinstance(rule, ColumnsRule):
        expected = ", ".join(f"('{column}')" for column in rule.columns)
        return (
            f"select column_name from (values {expected}) as declared(column_name)\n"
            f"except select column_name from information_schema.columns\n"
            f"where table_schema = '{suite.schema}' and table_name = '{suite.table}'"
        )
    columns = ", ".join(dict.fromkeys((*suite.keys, *rule.show)))
    return f"select {columns}\nfrom {TABLE}\nwhere {rule.where.strip()}"
