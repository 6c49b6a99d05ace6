"""A project of one table for each way to add to one, built twice: JSON of their rows, by table.

    python -m tests.engines.adding FOLDER ENGINE SEED

It has the macros of the warehouse, and rows that are drawn: of a user on an instant, or on none.
"""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path
from typing import Any

import duckdb

from orchestration.engines import tables
from orchestration.engines.spark import SessionCursor
from orchestration.project import DBT_PROJECT_DIR
from tests.engines.on_spark import session

USERS, INSTANTS, ROWS = 9, 12, 60
STRATEGIES = {
    "of_loads": "incremental_strategy='append',"
    " pre_hook=\"{{ delete_standing('number <= 20') if is_incremental() }}\"",
    "anew": "incremental_strategy='replace_all'",
    "of_users": "incremental_strategy='replace_touched', unique_key='user_id',"
    " meta={'touched': 'touched'}",
    "of_instants": "incremental_strategy='replace_touched', unique_key=['user_id'],"
    " meta={'touched': 'touched', 'from': {'seen_at': 'from_at'}}",
    "of_members": "incremental_strategy='replace_recomputed',"
    " unique_key=['retention_id', 'user_id'],"
    " meta={'recomputed': {'by': 'member', 'from': 'seen_at'}}",
    "of_funnels": "incremental_strategy='replace_recomputed',"
    " unique_key=['funnel_id', 'user_id'], meta={'recomputed': {'by': 'funnel'}}",
    "of_orders": "incremental_strategy='replace_recomputed', unique_key=['user_id'],"
    " meta={'recomputed': {'by': 'order', 'from': 'seen_at'}}",
}
_READS = "-- depends_on: {{ ref('touched') }}, {{ ref('int_scope') }}\n"
COLUMNS = "number, user_id, retention_id, funnel_id, seen_at"


def write_project(folder: Path, seed: int) -> None:
    draw = random.Random(f"adding {seed}")
    models = folder / "models"
    models.mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(
        f"name: adding\nprofile: yunying\nconfig-version: 2\nvars: {{build: 1}}\n"
        f"macro-paths: ['{DBT_PROJECT_DIR / 'macros'}']\n"
        "models: {adding: {+materialized: table, +schema: facts}}\n",
        encoding="utf-8",
    )
    touched = [(user(draw), instant(draw)) for _ in range(6)]
    (models / "touched.sql").write_text(select("user_id, from_at", touched), encoding="utf-8")
    scope = [
        (draw.choice(("'retention'", "'funnel'", "null")), f"'d{draw.randrange(2)}'", user(draw))
        + (instant(draw),) * 2
        for _ in range(15)
    ]
    named = "definition, definition_id, user_id, from_at, reached_from_at"
    (models / "int_scope.sql").write_text(select(named, scope), encoding="utf-8")
    for name, config in STRATEGIES.items():
        builds = [select(COLUMNS, [row(draw) for _ in range(ROWS)]) for _ in range(2)]
        (models / f"{name}.sql").write_text(
            f"{{{{ config(materialized='incremental', {config}) }}}}\n{_READS}"
            f"{{% if is_incremental() %}}{builds[1]}{{% else %}}{builds[0]}{{% endif %}}\n",
            encoding="utf-8",
        )


def user(draw: random.Random) -> str:
    return f"'u{draw.randrange(USERS)}'"


def instant(draw: random.Random) -> str:
    if draw.random() < 0.1:  # before all that is staged, as what is computed from the beginning has
        return "cast('1899-11-29 10:00:00' as timestamp)"
    return f"cast('2024-03-{draw.randrange(1, INSTANTS):02} 10:00:00' as timestamp)"


def row(draw: random.Random) -> tuple[str, ...]:
    at = "cast(null as timestamp)" if draw.random() < 0.2 else instant(draw)
    who = "cast(null as varchar(9))" if draw.random() < 0.1 else user(draw)
    ids = f"'d{draw.randrange(2)}'", f"'d{draw.randrange(2)}'"
    return str(draw.randrange(40)), who, *ids, at


def select(columns: str, rows: list[tuple[str, ...]]) -> str:
    listed = ", ".join(f"({', '.join(cells)})" for cells in rows)
    return f"select * from (values {listed}) as given({columns})"


def build(folder: Path, engine: str) -> None:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import reset_adapters
    from dbt.cli.main import dbtRunner

    os.environ["DBT_TARGET"] = engine
    result = dbtRunner().invoke(
        [
            "--quiet", "--no-use-colors", "--log-level-file=none", "run",
            f"--project-dir={folder}", f"--profiles-dir={DBT_PROJECT_DIR}",
            f"--target-path={folder / 'target'}",
        ]
    )  # fmt: skip
    reset_adapters()
    if engine == "duckdb":
        DuckDBConnectionManager.env().close()
    assert result.success, [result.exception, *(each.message for each in result.result or ())]


def added(folder: Path, engine: str, seed: int, cursor: Any = None) -> dict[str, Any]:
    """The rows that both builds leave, by table; of Spark, how many the first had of one, too."""
    write_project(folder, seed)
    told: dict[str, Any] = {}
    os.environ["YUNYING_WAREHOUSE"] = str(folder / "warehouse.duckdb")
    for number in ("first", "second"):
        os.environ["BUILD_TABLES"] = str(folder / number)
        build(folder, engine)
    with duckdb.connect(folder / "warehouse.duckdb") as connection:
        asked = cursor or connection
        for name in STRATEGIES:
            asked.execute(f"select {COLUMNS} from facts.{name}")
            told[name] = sorted([str(cell) for cell in each] for each in asked.fetchall())
    if cursor is not None:
        before = tables.location(folder / "first" / "facts" / "anew")
        cursor.execute(f"select count(*) from parquet.`{before}`")
        ((told["read"],),) = cursor.fetchall()
    return told


def main() -> None:
    folder, engine, seed = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    cursor = SessionCursor(session(folder)) if engine == "spark" else None
    print(json.dumps(added(folder, engine, seed, cursor)))


if __name__ == "__main__":
    main()
