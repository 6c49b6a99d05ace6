"""Without which rows a table has none, as the SQL of a model says it: never too much."""

from __future__ import annotations

import itertools

import duckdb
import pytest

from orchestration.transform.dbt_process import Condition, is_met
from orchestration.transform.emptiness import NEVER, empty_when
from orchestration.transform.lineage import schema_of, scope_of

TABLES = ("s.a", "s.b", "s.c")
SCHEMA = schema_of({("s", name): {"x": "int", "y": "int"} for name in "abc"}, "db")
A, B, C = TABLES
QUERIES: dict[str, Condition] = {
    "select x from db.s.a where y > 1": A,
    "select a.x from db.s.a as a inner join db.s.b as b on a.x = b.x": ["any", A, B],
    "select a.x from db.s.a as a, db.s.b as b": ["any", A, B],
    "select a.x from db.s.a as a left join db.s.b as b on a.x = b.x": A,
    "select b.x from db.s.a as a right join db.s.b as b on a.x = b.x": B,
    "select a.x from db.s.a as a full join db.s.b as b on a.x = b.x": ["all", A, B],
    "select x from db.s.a semi join db.s.b using (x)": ["any", A, B],
    "select x from db.s.a anti join db.s.b using (x)": A,
    "select a.x from db.s.a as a positional join db.s.b as b": NEVER,
    "select a.x from db.s.a as a asof join db.s.b as b on a.x >= b.x": ["any", A, B],
    "select a.x from (db.s.a as a full join db.s.b as b on a.x = b.x)": NEVER,
    "select x from db.s.a union all select x from db.s.b union select x from db.s.c": [
        "all",
        A,
        B,
        C,
    ],
    "select x from db.s.a intersect select x from db.s.b": A,
    "select x from db.s.a except select x from db.s.b": A,
    "with n as (select a.x from db.s.a as a join db.s.b as b on a.x = b.x)"
    " select x from n union all select x from db.s.c": ["all", ["any", A, B], C],
    "with recursive r as (select x from db.s.a union all select x + 1 from r where x < 9)"
    " select x from r": NEVER,
    "select x, count(*) from db.s.a group by x": A,
    "select x, count(*) from db.s.a group by grouping sets ((x), (x, y))": A,
    "select count(*) from db.s.a group by grouping sets ((x), ())": NEVER,
    "select count(*) from db.s.a group by rollup (x)": NEVER,
    "select count(*) from db.s.a group by all": NEVER,
    "select count(*) from db.s.a group by ()": NEVER,
    "select count(*) from db.s.a group by y, cube (x)": A,
    "select count(*) from db.s.a": NEVER,
    "select 1 as one from db.s.a having count(*) >= 0": NEVER,
    "select 1 + coalesce(max(x), 0) as top from db.s.a": NEVER,
    "select 1 as one from db.s.a order by count(*)": NEVER,
    "select n.x from (select max(x) as x from db.s.a) as n join db.s.b as b on true": B,
    "select sum(count(*)) over () as n from db.s.a": NEVER,
    "select sum(x) over (order by y) as n, to_seconds(x) as s from db.s.a": A,
    "select sum(x) filter (where y > 1) over (order by y) as n from db.s.a": A,
    "select (select count(*) from db.s.b) as n from db.s.a": A,
    "select t.n, a.x from db.s.a as a cross join unnest([1, 2]) as t(n)": A,
    "select 1 as one": NEVER,
    "select n from range(3) as t(n)": NEVER,
    "select n from (values (1)) as t(n)": NEVER,
    "no sense from": NEVER,
}


def condition(sql: str) -> Condition:
    return empty_when(scope_of(sql, SCHEMA))


@pytest.mark.parametrize("sql", QUERIES)
def test_the_sql_says_which_tables_have_to_be_empty(sql: str) -> None:
    assert condition(sql) == QUERIES[sql]


@pytest.mark.parametrize("sql", [sql for sql in QUERIES if "no sense" not in sql])
def test_a_query_is_empty_where_it_is_said_to_be(sql: str) -> None:
    """The engine says so, whichever of its tables are empty."""
    for count in range(len(TABLES) + 1):
        for empty in itertools.combinations(TABLES, count):
            with duckdb.connect() as connection:
                connection.execute("attach ':memory:' as db; create schema db.s")
                for name in TABLES:
                    rows = "false" if name in empty else "true"
                    connection.execute(
                        f"create table db.{name} as select 1 as x, 2 as y where {rows}"
                    )
                if is_met(condition(sql), empty):
                    assert connection.execute(sql).fetchall() == []


def test_whatever_adds_rows_up_gives_a_row_of_none() -> None:
    with duckdb.connect() as connection:
        names = connection.execute(
            "select distinct function_name from duckdb_functions()"
            " where function_type = 'aggregate' and function_name similar to '[a-z_0-9]+'"
            " and function_name <> 'row_number'"  # of windows alone, which it says not
        ).fetchall()
    assert len(names) > 80
    missed = {name for (name,) in names if condition(f"select {name}(x) as n from db.s.a") != NEVER}
    assert missed == set()
