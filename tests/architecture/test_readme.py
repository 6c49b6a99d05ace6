"""The README says what is there, in both languages, and its examples build as they stand."""

from __future__ import annotations

import ast
import dataclasses
import os
import re
import shutil
import subprocess
import textwrap
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest

from expectations.rules import Suite
from orchestration.dbt_runs import dbt_environment, dbt_executable, exposed_nodes, load_manifest
from orchestration.defs.ingest.feeds import FEEDS
from orchestration.project import DBT_PROJECT_DIR, ROOT, SHIPPED_SEEDS_DIR, Settings
from tests import support

ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
READMES = pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["en", "zh"])
MODELS = {
    f"{node['schema']}.{node['name']}"
    for node in load_manifest()["nodes"].values()
    if node["resource_type"] == "model"
}
PUBLIC_FACTS = {
    f"facts.fct_{name}"
    for name in (
        "events", "sessions", "orders", "user_days", "user_lifecycle_spans", "funnel_attempts",
        "retention_returns",
    )
}  # fmt: skip
EXAMPLES = ("shop_log", "orders", "product/", "_product_")


def commands(text: str) -> set[str]:
    return set(re.findall(r"(?<=[`\s])make ([a-z]+)(?=[`\s.])", text))


def tables(text: str) -> set[str]:
    return set(re.findall(r"`((?:seeds|staging|facts|marts)\.\w+)`", text))


def settings_table(text: str) -> dict[str, str]:
    """Default by setting, as the table gives it."""
    return dict(re.findall(r"^\| `(YUNYING_\w+)` \| (.+?) \|", text, re.MULTILINE))


def sections(text: str) -> list[str]:
    return re.split(r"^## ", text, flags=re.MULTILINE)


def code_blocks(text: str) -> list[str]:
    """Indented blocks, their own indentation kept."""
    blocks = re.findall(r"(?:^(?: {4}.*)?\n)*^ {4}.*$", text, re.MULTILINE)
    return [textwrap.dedent(block).strip("\n") for block in blocks if block.strip()]


def block_with(text: str, first: str) -> str:
    return next(block for block in code_blocks(text) if block.startswith(first))


@READMES
def test_commands_are_those_of_the_makefile(text: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    documented = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE)) - {"help"}
    assert commands(text) == documented


@READMES
def test_settings_and_their_defaults_are_all_there(text: str) -> None:
    listed = settings_table(text)
    fields = {f"YUNYING_{f.name.upper()}": f.name for f in dataclasses.fields(Settings)}
    assert listed.keys() == fields.keys()
    settings = Settings.from_environment({})
    for name, default in listed.items():
        if default.startswith("`"):
            value = getattr(settings, fields[name])
            shown = value.relative_to(ROOT).as_posix() if isinstance(value, Path) else value
            assert default == f"`{shown}`"
        else:
            unset = ("HORIZON", "PSEUDONYM_KEY", "ERASURE_KEY", "THREADS", "WEBHOOK", "SMTP_URL")
            assert name.endswith((*unset, "EMAIL_TO", "EMAIL_FROM", "SERVE_POSTGRES"))


@READMES
def test_tables_exist_and_what_is_public_is_listed(text: str) -> None:
    assert tables(text) <= MODELS
    published = {f"{node['schema']}.{node['alias']}" for node in exposed_nodes(load_manifest())}
    marts = {name for name in MODELS if name.startswith("marts.")}
    assert published | marts | PUBLIC_FACTS <= tables(text)
    first = next(part for part in text.split("\n\n") if "| `marts.mart_active_users_daily`" in part)
    assert tables(first) == published


@READMES
def test_paths_exist(text: str) -> None:
    folders = "dbt_project|tests|expectations|orchestration|seeds"
    paths = set(re.findall(rf"[`(]((?:{folders})/[^`<#)]*)[`#)]", text))
    assert len(paths) > 15
    missing = [path for path in paths if not (ROOT / path).exists()]
    assert [path for path in missing if not any(example in path for example in EXAMPLES)] == []


@READMES
def test_reasons_of_quarantine_are_all_there(text: str) -> None:
    macros = DBT_PROJECT_DIR / "macros" / "events.sql"
    reasons = set(re.findall(r"then '(\w+)'", macros.read_text(encoding="utf-8")))
    assert len(reasons) == 8
    assert {reason for reason in reasons if f"`{reason}`" not in text} == set()


def test_both_languages_tell_of_the_same_things() -> None:
    english, chinese = sections(ENGLISH), sections(CHINESE)
    assert len(english) == len(chinese)
    for ours, theirs in zip(english, chinese, strict=True):
        # The diagram and the two commands carry words; every other block is code.
        if "──▶" not in ours and "make run      #" not in ours:
            assert code_blocks(ours) == code_blocks(theirs)
        assert commands(ours) == commands(theirs)
        assert tables(ours) == tables(theirs)
        assert set(re.findall(r"YUNYING_\w+", ours)) == set(re.findall(r"YUNYING_\w+", theirs))
        assert ours.count("\n| ") == theirs.count("\n| ")


def test_columns_that_feeds_call_required_are_those_that_staging_wants() -> None:
    macro = (DBT_PROJECT_DIR / "macros" / "feeds.sql").read_text(encoding="utf-8")
    wanted = ast.literal_eval(macro.split("return(")[1].split(") }}")[0].strip())
    called = {
        feed.name: [c.name for c in feed.columns if c.description.endswith("; required")]
        for feed in FEEDS
        if feed.name != "events"
    }
    assert called == wanted
    guide = (SHIPPED_SEEDS_DIR / "README.md").read_text(encoding="utf-8")
    for feed in FEEDS:
        for column in feed.columns:
            line = f"| `{column.name}` | {column.type} | {column.description} |"
            assert line in guide.split(f"#### `{feed.name}`")[1].split("\n#### ")[0]


def test_the_funnel_example_gives_its_numbers(tmp_path: Path) -> None:
    seeds = {
        path.stem: path.read_text(encoding="utf-8") for path in SHIPPED_SEEDS_DIR.glob("*.csv")
    }
    seeds["funnels"] += block_with(ENGLISH, "signup_to_order,From") + "\n"
    seeds["funnel_steps"] += block_with(ENGLISH, "signup_to_order,1,") + "\n"
    seeds["retentions"] += block_with(ENGLISH, "new_user_daily,") + "\n"
    events = [
        {"event_name": name, "occurred_at": at, "user_id": user, "platform": platform}
        for user, platform, bought in (("u1", "ios", True), ("u2", "web", False))
        for name, at in (("signed_up", "2024-05-01"), ("order_placed", "2024-05-02"))
        if bought or name == "signed_up"
    ]
    events.append({"event_name": "tick", "occurred_at": "2024-06-01", "user_id": "u3"})
    warehouse = support.build_warehouse(
        tmp_path,
        events=events,
        seeds=seeds,
        select="+mart_funnel_conversion +mart_retention_cohorts +definition_problems",
    )
    wrong = "select * from seeds.definition_problems where severity = 'error'"
    assert support.query(warehouse, wrong) == []
    rows = support.query(warehouse, block_with(ENGLISH, "select breakdown_value"))
    assert [tuple(row.values()) for row in rows] == [
        (None, 1, 2, 2, 1.0), (None, 2, 1, 2, 0.5),
        ("ios", 1, 1, 1, 1.0), ("ios", 2, 1, 1, 1.0),
        ("web", 1, 1, 1, 1.0), ("web", 2, 0, 1, 0.0),
    ]  # fmt: skip
    [row] = support.query(
        warehouse,
        "select cohort_size from marts.mart_retention_cohorts where cohort_start_date is null"
        " and retention_id = 'new_user_daily' and period_number = 0",
    )
    assert row["cohort_size"] == 2


@READMES
def test_the_example_of_parquet_files_reads_one_build(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    *before, query = block_with(text, "from pathlib import Path").partition("duckdb.sql(")
    names: dict[str, object] = {}
    exec(before[0] + "rows = duckdb.sql(" + query + ".fetchall()", names)
    assert [row[1:] for row in names["rows"]] == [(2, 2)]


def test_the_examples_of_a_source_a_mart_and_a_test_build(tmp_path: Path) -> None:
    project = tmp_path / "dbt_project"
    shutil.copytree(DBT_PROJECT_DIR, project, ignore=shutil.ignore_patterns("target", "logs"))
    source, mart = project / "models/staging/shop_log", project / "models/marts/product"
    mart.mkdir(exist_ok=True)
    source.mkdir()
    written = {
        source / "stg_shop_log__events.sql": "{{ config(materialized='view') }}",
        source / "_shop_log__models.yml": "sources:\n",
        mart / "mart_orders_daily.sql": "with\n\norders as",
        mart / "_example__models.yml": "models:\n  - name: mart_orders_daily",
        project / "data_tests/assert_orders_of_days.sql": "-- Every order is made on one day.",
    }
    for path, first in written.items():
        path.write_text(block_with(ENGLISH, first) + "\n", encoding="utf-8")
    configuration = project / "dbt_project.yml"
    text = configuration.read_text(encoding="utf-8")
    assert "event_sources: [feed]" in text
    assert "event_sources: [feed, shop_log]" in ENGLISH
    text = text.replace("event_sources: [feed]", "event_sources: [feed, shop_log]")
    configuration.write_text(text, encoding="utf-8")

    settings = support.settings_of(tmp_path)
    log = settings.raw_dir / "shop_log"
    log.mkdir(parents=True)
    (log / "1.csv").write_text(
        "log_id,action,ts,uid,os,product\na1,view,1714640400,u1,ios,p9\na2,,1714640400,u1,ios,p9\n",
        encoding="utf-8",
    )
    support.ingest_raw(settings)
    selected = ["+mart_orders_daily", "+stg_ingest_ledger", "assert_orders_of_days"]
    dbt(project, settings, ["build", "--indirect-selection=empty", "--select", *selected])
    ledger = "select rows_in, rows_staged, rows_quarantined from staging.stg_ingest_ledger"
    assert [tuple(r.values()) for r in support.query(settings.warehouse, ledger)] == [(2, 1, 1)]
    events = "select source_id, event_name, user_id, properties from facts.fct_events"
    assert [tuple(r.values()) for r in support.query(settings.warehouse, events)] == [
        ("shop_log", "shop_view", "u1", '{"product":"p9"}')
    ]
    days = "select order_count, net_amount from marts.mart_orders_daily"
    assert [tuple(r.values()) for r in support.query(settings.warehouse, days)] == [(0, 0)]


def test_the_example_of_a_suite_is_one() -> None:
    names: dict[str, object] = {}
    exec(block_with(ENGLISH, '"""Orders of a day."""'), names)
    suite = names["SUITE"]
    assert isinstance(suite, Suite)
    assert [rule.name for rule in suite.rules][-1] == "no_money_without_orders"


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
