"""One setting has another engine make the tables of the build: all else is as it was.

Spark itself takes minutes (`make spark`); here DuckDB stands for it, in a process of its own.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb

from orchestration.project import ROOT, Settings, other_environment
from orchestration.publish.builds import DATABASE
from orchestration.transform.dbt_runs import load_manifest
from tests.support import build_warehouse, dbt_target, settings_of, write_feeds
from verify.compare import PROVENANCE_COLUMNS, histories
from verify.spark import NOT_COMPARED, difference, holding

BUILD = """
import sys
from orchestration.engines import spark
spark.environment = lambda: {"BUILD_DBT": sys.argv[1]}
from orchestration.commands.build import main
sys.exit(main([]))
"""


def build(settings: Settings, dbt: Path) -> subprocess.CompletedProcess[str]:
    """With a script in the place of Spark's dbt."""
    return subprocess.run(
        [sys.executable, "-c", BUILD, str(dbt)],
        cwd=ROOT,
        env={
            **other_environment(),
            **settings.environment(),
            "PYTHONPATH": str(ROOT),
            "DAGSTER_HOME": str(settings.warehouse.parent / "dagster"),
            "DBT_TARGET_PATH": str(dbt_target()),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def event(user: str, day: int) -> dict[str, Any]:
    return {
        "event_name": "order", "user_id": user, "event_id": f"{user or 'nobody'}-{day}",
        "occurred_at": f"2024-03-{day:02} 10:00:00", "amount": 10,
    }  # fmt: skip


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*.parquet") if path.is_file()}


def differences(warehouse: Path, at_once: Path) -> dict[str, list[str]]:
    """Of facts and marts, what differs from a warehouse that loaded the same files at once."""
    apart = PROVENANCE_COLUMNS | NOT_COMPARED
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{warehouse}' as of_spark (read_only)")
        connection.execute(f"attach '{at_once}' (read_only)")
        names = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables()"
            " where database_name = 'warehouse' and schema_name in ('facts', 'marts')"
        ).fetchall()
        assert len(names) > 150
        found = {
            name: difference(connection, f"warehouse.{name}", f"of_spark.{name}", apart)
            for (name,) in names
            if name not in histories(load_manifest())
        }
    return {name: told for name, told in found.items() if told}


def test_what_another_engine_made_is_checked_and_published(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path, {"YUNYING_ENGINE": "spark", "YUNYING_SPARK_DIR": str(tmp_path / "spark")}
    )
    settings.seeds_dir.mkdir()
    rows = [
        {"event_name": name, "user_id": f"u{number}", "event_id": f"{number}-{name}",
         "occurred_at": f"2024-03-0{number + 1} 10:00:00", "amount": 10}
        for number in range(4) for name in ("open", "order")
    ]  # fmt: skip
    write_feeds(tmp_path, {"events": rows})

    told = build(settings, ROOT / "tests" / "engines" / "pretended_dbt.py")
    assert told.returncode == 0, told.stdout
    assert "building everything from raw" in told.stdout
    assert re.search(r"\d+ suites evaluated; nothing is new to 0", told.stdout)
    with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
        tables = "select distinct schema_name from duckdb_tables() where schema_name = 'marts'"
        assert warehouse.execute(tables).fetchall() == []
    with duckdb.connect(str(settings.publish_dir / DATABASE), read_only=True) as published:
        daily = "select activity_date, dau from marts.mart_active_users_daily order by all"
        assert [dau for _, dau in published.execute(daily).fetchall()] == [1, 1, 1, 1]
        words = (
            "select count(*), count(comment) from duckdb_{}() where schema_name = 'marts'"
            " and not internal"
        )
        for kind in ("tables", "columns"):
            count, described = published.execute(words.format(kind)).fetchone() or (0, 0)
            assert count == described > 0


def test_why_spark_could_not_go_on_is_told(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path, {"YUNYING_ENGINE": "spark", "YUNYING_SPARK_DIR": str(tmp_path / "spark")}
    )
    settings.seeds_dir.mkdir()
    settings.raw_dir.mkdir()
    dbt = tmp_path / "dbt.py"
    dbt.write_text(
        "from orchestration.engines import spark\n"
        "from orchestration.project import Settings\n"
        "path = spark.told_path(Settings.from_environment())\n"
        "path.parent.mkdir()\n"
        "path.write_text('No worker was there')\n"
        "raise SystemExit(2)\n",
        encoding="utf-8",
    )
    told = build(settings, dbt)
    assert told.returncode == 1
    assert "transform: No worker was there" in told.stdout
    assert not (settings.publish_dir / DATABASE).exists()


def test_builds_add_to_what_the_last_whole_one_left(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path, {"YUNYING_ENGINE": "spark", "YUNYING_SPARK_DIR": str(tmp_path / "spark")}
    )
    settings.seeds_dir.mkdir()
    dbt = ROOT / "tests" / "engines" / "pretended_dbt.py"
    first = [event(user, day) for user in ("u1", "u2", "forgotten") for day in (1, 2, 5)]
    # Of a day before, by a device that becomes somebody's, an order that is another one, and again.
    late = [event("u1", 3), event("u3", 6), {**event("", 4), "anonymous_id": "d"}]
    late += [
        {**event("u2", 6), "anonymous_id": "d"},
        {**event("u2", 5), "amount": 99},
        event("u1", 1),
    ]
    write_feeds(tmp_path, {"events": first})
    assert build(settings, dbt).returncode == 0
    stood = files(settings.spark_dir / "builds")

    write_feeds(tmp_path, {"events": late})
    breaks_off = settings.spark_dir / "breaks_off"
    breaks_off.touch()
    assert "dbt was killed" in build(settings, dbt).stdout
    assert stood <= files(settings.spark_dir / "builds")
    breaks_off.unlink()

    told = build(settings, dbt).stdout
    assert "building everything" not in told
    assert {"1.parquet", "2.parquet"} == {
        path.name for path in files(settings.spark_dir / "given" / "raw" / "events")
    }
    assert not stood & files(settings.spark_dir / "builds" / "facts")
    at_once = build_warehouse(tmp_path / "at_once", feeds={"events": [*first, *late]})
    assert differences(settings.warehouse, at_once) == {}

    assert holding(settings.spark_dir, "forgotten")
    request = {"user_id": "forgotten", "requested_at": "2024-03-07"}
    write_feeds(tmp_path, {"erasure_requests": [request]})
    assert build(settings, dbt).returncode == 0
    assert holding(settings.spark_dir, "u1")
    assert not holding(settings.spark_dir, "forgotten")
