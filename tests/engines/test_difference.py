"""What `make spark-verify` calls equal: the rows of both sides, as often as they stand."""

from __future__ import annotations

import duckdb
import pytest

from verify.spark import difference

TABLE = """
    create table facts as
    from (values (1, 0.1::double, 1.5::decimal(18, 4), 'x'), (2, null, 2.5, null))
        as rows (number, share, amount, name)
"""


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("from facts", ""),
        ("select * replace (share + 1e-12 as share) from facts", ""),
        ("select * replace (share + 1e-6 as share) from facts", "1 rows of DuckDB alone"),
        ("select * replace (amount + 0.0001 as amount) from facts", "2 rows of DuckDB alone"),
        ("from facts union all from facts where number = 2", "1 rows of Spark alone"),
        ("from facts where number = 1", "1 rows of DuckDB alone"),
        ("select *, 1 as more from facts", "columns of one side alone: more"),
        ("select * exclude (name) from facts", "columns of one side alone: name"),
    ],
)
def test_what_differs_is_told(rows: str, told: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(TABLE)
        connection.execute(f"create view of_spark as {rows}")
        found = difference(connection, "facts", "of_spark")
    assert bool(found) == bool(told)
    assert not told or found[0] == told
