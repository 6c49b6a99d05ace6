"""What can go wrong with a suite itself, and how the warehouse is opened."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from expectations.results import Status, SuiteResult
from expectations.rules import ColumnsRule, QueryRule, RowRule, Severity, Suite
from expectations.suites import all_suites

Validate = Callable[..., tuple[SuiteResult, ...]]
KEYS = ("activity_date",)
NEGATIVE = RowRule("not_negative", "Below 0", "dau < 0")
ROOT = Path(__file__).resolve().parents[2]


def suite_of(*rules: RowRule | QueryRule | ColumnsRule, table: str = "mart_active_users_daily"):
    return Suite(schema="marts", table=table, keys=KEYS, rules=rules)


def test_an_empty_suite_is_an_error(validate: Validate, clean_template: Path) -> None:
    (result,) = validate(clean_template, [suite_of()])
    assert result.status is Status.ERROR
    assert "no rules" in result.text


def test_a_missing_table_is_an_error(validate: Validate, clean_template: Path) -> None:
    (result,) = validate(clean_template, [suite_of(NEGATIVE, table="mart_of_dreams")])
    assert result.status is Status.ERROR
    assert result.evaluated == ()
    assert result.row_count is None
    assert "mart_of_dreams" in result.text


def test_a_missing_column_is_an_error_and_the_other_rules_are_still_evaluated(
    validate: Validate, clean_template: Path
) -> None:
    dreams = RowRule("dreams", "Dreams", "dreamt_count > 0")
    always = RowRule("always", "Always", "dau >= 0")
    (result,) = validate(clean_template, [suite_of(dreams, NEGATIVE, always)])
    assert result.status is Status.ERROR
    assert result.evaluated == ("not_negative", "always")
    assert [failure.rule for failure in result.failures] == ["always"]
    (error,) = result.errors
    assert error.startswith("dreams could not be evaluated: ")
    assert "dreamt_count" in error


def test_a_suite_that_raised_is_an_error_and_the_next_one_is_evaluated(
    validate: Validate, clean_template: Path
) -> None:
    raising = QueryRule("raises", "Raises", "select error('boom') as x from {table}", ("x",))
    sound = Suite(
        "marts", "mart_rfm_migrations", ("snapshot_date",), (RowRule("r", "R", "user_count < 0"),)
    )
    first, second = validate(clean_template, [suite_of(raising), sound])
    assert first.status is Status.ERROR
    assert "boom" in first.text
    assert second.status is Status.PASSED


def test_a_missing_declared_column_is_a_failure_that_names_it(
    validate: Validate, clean_template: Path
) -> None:
    (result,) = validate(clean_template, [suite_of(ColumnsRule(("dau", "sau")), NEGATIVE)])
    assert result.status is Status.FAILED
    assert result.failures[0].failing_keys == ({"column_name": "sau"},)


def test_a_warning_passes_and_is_told(validate: Validate, clean_template: Path) -> None:
    rule = RowRule("warns", "Warned of", "dau = 60", severity=Severity.WARNING)
    (result,) = validate(clean_template, [suite_of(rule)])
    assert result.status is Status.PASSED
    (failure,) = result.warnings
    assert failure.failing_row_count == 60
    assert len(failure.failing_rows) == 20
    assert failure.failing_keys[0] == {"activity_date": "2024-01-01"}


def test_braces_and_quotes_in_sql_reach_the_database_as_written(
    validate: Validate, clean_template: Path
) -> None:
    rule = RowRule("braces", "Braces", "'{\"a\": {0}}' = '{' || '\"a\": {0}}' and dau = 5")
    (result,) = validate(clean_template, [suite_of(rule)])
    assert result.failures[0].failing_row_count == 1


def test_nulls_in_keys_are_told_apart_from_text(validate: Validate, clean_template: Path) -> None:
    rule = RowRule("lapsed", "Lapsed", "to_segment_id is null")
    suite = Suite("marts", "mart_rfm_migrations", ("from_segment_id", "to_segment_id"), (rule,))
    (result,) = validate(clean_template, [suite])
    assert result.failures[0].failing_keys == (
        {"from_segment_id": "segment_2", "to_segment_id": None},
    )


def test_values_of_any_length_are_cut_where_nobody_reads_on(
    validate: Validate, spoil: Callable[[str], Path]
) -> None:
    warehouse = spoil("update marts.mart_rfm_scores set user_id = repeat('长', 10000)")
    rule = RowRule("all", "All", "true")
    suite = Suite("marts", "mart_rfm_scores", ("user_id",), (rule,))
    (result,) = validate(warehouse, [suite])
    assert result.failures[0].failing_keys[0] == {"user_id": "长" * 199 + "…"}


def test_no_warehouse_is_said_so(validate: Validate, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="build one first"):
        validate(tmp_path / "none.duckdb")


def test_a_file_that_is_no_warehouse_is_said_so(validate: Validate, tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    path.write_text("<html>")
    with pytest.raises(OSError, match="not a valid DuckDB"):
        validate(path, [suite_of(NEGATIVE)])


def test_any_path_will_do(validate: Validate, warehouse: Path) -> None:
    odd = warehouse.rename(warehouse.with_name("a b 仓库 $HOME ?x=1 #2 %20.duckdb"))
    (result,) = validate(odd, [suite_of(NEGATIVE)])
    assert result.status is Status.PASSED


def test_it_reads_beside_other_readers_changes_nothing_and_lets_go(
    validate: Validate, warehouse: Path
) -> None:
    before = warehouse.read_bytes()
    reader = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, duckdb; c = duckdb.connect(sys.argv[1], read_only=True);"
            "print('open', flush=True); sys.stdin.read()",
            str(warehouse),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        results = validate(warehouse)
    finally:
        reader.communicate(timeout=30)
    assert {result.status for result in results} == {Status.PASSED}
    assert warehouse.read_bytes() == before
    with duckdb.connect(str(warehouse)) as writer:  # as another configuration would refuse
        writer.execute("create table main.proof as select 1")


def test_no_suite_is_empty_and_names_are_their_tables() -> None:
    assert all(suite.rules and suite.keys for suite in all_suites())
    files = {
        f"{path.parent.name}.{path.stem}"
        for path in (ROOT / "expectations" / "suites").glob("*/[a-z]*.py")
    }
    assert {suite.name for suite in all_suites()} == files


def test_every_published_mart_has_a_suite() -> None:
    exposures = (ROOT / "dbt_project" / "models" / "exposures.yml").read_text(encoding="utf-8")
    published = set(re.findall(r"ref\('(mart_\w+)'\)", exposures))
    assert published
    assert published <= {suite.table for suite in all_suites()}


def test_declarations_and_asset_checks_import_without_great_expectations() -> None:
    code = (
        "import sys, orchestration.defs.checks.suites, expectations.data_docs\n"
        "assert 'great_expectations' not in sys.modules"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=60)


def test_nothing_was_asked_of_the_network(
    validate: Validate, warehouse: Path, tmp_path: Path, network_requests: list[object]
) -> None:
    validate(warehouse, data_docs_dir=tmp_path / "docs")
    assert network_requests == []
