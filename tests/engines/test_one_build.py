"""One setting has another engine make the tables of the build: all else is as it was.

Spark itself takes minutes (`make spark`); here DuckDB stands for it, in a process of its own.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.engines import tables
from orchestration.project import ROOT, Settings, other_environment
from orchestration.publish.builds import DATABASE
from orchestration.store.warehouse import connect
from tests.support import dbt_target, settings_of, write_feeds
from tests.warehouse.draws import seed

PRETENDED = ROOT / "tests" / "engines" / "pretended_dbt.py"
MODELS = "+fct_funnel_opened_attempts +fct_user_active_days +stg_events__duplicates +dim_users"
VERIFY = """
import sys
from pathlib import Path
from verify.spark import main
sys.exit(main(sys.argv[2:], Path(sys.argv[1]), "."))
"""
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


@pytest.mark.long
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

    told = build(settings, PRETENDED)
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

    # A day more is added to that.
    more = {"event_name": "open", "user_id": "u9", "event_id": "9", "occurred_at": "2024-03-05"}
    write_feeds(tmp_path, {"events": [more, rows[0]]})
    told = build(settings, PRETENDED)
    assert told.returncode == 0, told.stdout
    assert "building everything" not in told.stdout
    assert {path.name for path in (tmp_path / "spark" / "given" / "raw" / "events").iterdir()} == {
        "1.parquet", "2.parquet"
    }  # fmt: skip
    with duckdb.connect(str(settings.publish_dir / DATABASE), read_only=True) as published:
        assert [dau for _, dau in published.execute(daily).fetchall()] == [1, 1, 1, 1, 1]


def test_why_spark_could_not_go_on_is_told(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path, {"YUNYING_ENGINE": "spark", "YUNYING_SPARK_DIR": str(tmp_path / "spark")}
    )
    settings.seeds_dir.mkdir()
    settings.raw_dir.mkdir()
    with connect(settings) as connection:
        connection.execute("create schema raw")
        noted = tables.Table("", tmp_path, "part-0.parquet:1")
        tables.note(connection, {("facts", "sales"): noted})
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
    assert "everything from raw, because another tool wrote into facts.sales" in told.stdout
    assert not (settings.publish_dir / DATABASE).exists()


@pytest.mark.long
def test_builds_add_to_what_the_last_whole_one_left() -> None:
    """Files arrive bit by bit, a build is killed, and somebody is forgotten in the end."""
    asked = ["--deliveries=2", "--scale=0.05", f"--models={MODELS}", f"--seed={seed()}"]
    told = subprocess.run(
        [sys.executable, "-c", VERIFY, str(PRETENDED), *asked],
        cwd=ROOT,
        env={**other_environment(), "DBT_TARGET_PATH": str(dbt_target())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr[-3000:]
    assert re.search(r"is killed when it has made \d+ tables", told.stdout)
    assert len(re.findall(r"(\d+) of \1 tables are equal", told.stdout)) == 3
    # The first build makes everything, and the one that forgets.
    assert re.findall(r"has run \d+ models(, anew)?", told.stdout) == [", anew", "", ", anew"]
    assert re.search(r"in [1-9]\d* files of Spark .* is in 0\n", told.stdout)
