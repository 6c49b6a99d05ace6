"""Models in Python on a cluster: what a task makes of its part of the rows."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

from orchestration.engines import python_models

# As dbt compiles a model: its own module, and how it finds what it names.
CODE = """
def model(dbt, session):
    reader = session.cursor()
    spent = reader.sql(dbt.ref("spent").sql_query())
    names = reader.sql(dbt.ref("names").sql_query())
    assert dbt.config.meta_get("least") == 2
    return reader.sql(
        "select user_number, name, max(seen_at) as last_at, cast(sum(amount) as double) as amount"
        " from spent inner join names using (name_id) group by all order by all"
    )


def ref(*args, dbt_load_df_function):
    return dbt_load_df_function({"spent": "`facts`.`spent`", "names": "`seeds`.`names`"}[args[0]])


class config:
    meta_get = staticmethod({"least": 2}.get)


class dbtObj:
    def __init__(self, load):
        self.ref = lambda *args: ref(*args, dbt_load_df_function=load)
        self.config = config
"""
AT = datetime(2024, 3, 1, 12)
SPENT = pa.schema(
    {"user_number": pa.int32(), "name_id": pa.int32(), "seen_at": pa.timestamp("us"),
     "amount": pa.decimal128(18, 4)}
)  # fmt: skip
NAMES = pa.table({"name_id": pa.array([1, 2], pa.int32()), "name": ["one", "two"]})
MADE = pa.schema(
    {"user_number": pa.int32(), "name": pa.string(), "last_at": pa.timestamp("us"),
     "amount": pa.float64()}
)  # fmt: skip


def spent(users: range) -> pa.Table:
    rows = [
        {"user_number": user, "name_id": 1 + user % 2, "seen_at": AT, "amount": place}
        for user in users
        for place in (1, 2)
    ]
    return pa.Table.from_pylist(rows, SPENT)


def as_a_cluster_hands_it_out(table: pa.Table) -> pa.RecordBatch:
    """Each row with the name of its table, its part, and itself; instants with a zone."""
    zoned = pa.Table.from_batches(python_models._for_spark(table)).to_struct_array()
    return pa.RecordBatch.from_arrays(
        [
            pa.array(["facts.spent"] * len(table), pa.string()),
            table["user_number"].combine_chunks(),
            zoned.combine_chunks(),
        ],
        ["table", "part", "facts__spent"],
    )


def test_parts_of_the_users_make_what_all_of_them_make() -> None:
    given = {"seeds.names": NAMES}
    task = python_models._task(CODE, given, MADE)
    whole = python_models.run(CODE, {"facts.spent": spent(range(10)), **given}, MADE)
    parts = [
        pa.Table.from_batches(task(iter([as_a_cluster_hands_it_out(spent(users))])))
        for users in (range(4), range(4, 10))
    ]
    found = python_models._without_zone(pa.concat_tables(parts))
    assert whole.num_rows == 10
    assert found.to_pylist() == whole.to_pylist()


def test_a_part_without_rows_makes_none() -> None:
    assert list(python_models._task(CODE, {}, MADE)(iter([]))) == []


def test_instants_are_utc_on_both_sides() -> None:
    table = pa.table({"at": pa.array([AT], pa.timestamp("us"))})
    (batch,) = python_models._for_spark(table)
    assert batch.to_pydict() == {"at": [AT.replace(tzinfo=UTC)]}
    assert python_models._without_zone(pa.Table.from_batches([batch])).equals(table)
