"""The yardstick: Parquet files into one table, in the order of users and time.

python -m benchmarks.sorted_write FOLDER DATABASE MEMORY_LIMIT
"""

from __future__ import annotations

import sys

import duckdb


def main(folder: str, database: str, memory_limit: str) -> None:
    with duckdb.connect(database, config={"memory_limit": memory_limit}) as connection:
        connection.execute(
            "create table events as select * from read_parquet(?)"
            " order by coalesce(user_id, anonymous_id), occurred_at",
            [f"{folder}/**/*.parquet"],
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
