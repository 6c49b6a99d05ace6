"""Suites as Dagster sees them: a failed one holds back publishing, a warning does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from expectations.results import SuiteResult
from expectations.suites import suite_files
from orchestration.defs.checks.suites import CHECK_NAME, checks

Validate = Callable[..., tuple[SuiteResult, ...]]
TABLES = [dg.AssetKey([suite.schema, suite.table]) for suite in suite_files()]


@dg.multi_asset(specs=[dg.AssetSpec(key) for key in TABLES], name="transform")
def transform():
    yield from (dg.MaterializeResult(asset_key=key) for key in TABLES)


@dg.asset(deps=TABLES)
def publish() -> None:
    """Stands for the real one, which depends on every table that has a suite, too."""


@pytest.fixture
def run(
    validate: Validate, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dg.ExecuteInProcessResult]:
    def execute(warehouse: Path, *suites: str) -> dg.ExecuteInProcessResult:
        """With all suites, or with these."""
        selection = dg.AssetSelection.all()
        if suites:
            keys = (dg.AssetCheckKey(dg.AssetKey(name.split(".")), CHECK_NAME) for name in suites)
            tables = dg.AssetSelection.assets(*TABLES, "publish").without_checks()
            selection = tables | dg.AssetSelection.checks(*keys)
        monkeypatch.setenv("YUNYING_WAREHOUSE", str(warehouse))
        defs = dg.Definitions(
            assets=[transform, publish],
            asset_checks=[checks],
            jobs=[dg.define_asset_job("build", selection=selection)],
        )
        with dg.DagsterInstance.ephemeral() as instance:
            return defs.resolve_job_def("build").execute_in_process(
                instance=instance, raise_on_error=False
            )

    return execute


def published(result: dg.ExecuteInProcessResult) -> bool:
    return any(event.is_step_success and event.step_key == "publish" for event in result.all_events)


def check_of(result: dg.ExecuteInProcessResult, schema: str, table: str):
    return next(
        check
        for check in result.get_asset_check_evaluations()
        if check.asset_key == dg.AssetKey([schema, table])
    )


def test_every_suite_is_a_check_of_its_table() -> None:
    specs = list(checks.check_specs)
    assert {spec.asset_key for spec in specs} == set(TABLES)
    assert {spec.name for spec in specs} == {CHECK_NAME}
    # dbt reads raw before the suites are evaluated: nothing but the step's failure holds it back.
    assert {spec.asset_key for spec in specs if not spec.blocking} == {
        key for key in TABLES if key.path[0] == "raw"
    }


def test_a_clean_warehouse_is_published(run, warehouse: Path) -> None:
    result = run(warehouse)
    assert result.success
    assert published(result)
    assert len(result.get_asset_check_evaluations()) == len(TABLES)
    assert (warehouse.parent / "data_docs" / "index.html").is_file()


def test_a_failed_suite_holds_back_publishing_and_names_the_rows(run, spoil) -> None:
    others = ("raw.events", "marts.mart_stickiness")
    spoiled = spoil("update marts.mart_rfm_scores set recency_days = 400 where user_id = 'c7'")
    result = run(spoiled, "marts.mart_rfm_scores", *others)
    assert not result.success
    assert not published(result)
    check = check_of(result, "marts", "mart_rfm_scores")
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.ERROR
    assert check.metadata["failing_row_count"].value == 2
    assert "| 2024-01-31 | c7 | 400 |" in check.metadata["bought_within_the_year"].value
    assert "user_id=c7" in check.description
    assert "FROM marts.mart_rfm_scores" in check.description
    assert Path(check.metadata["data_docs"].value).is_file()
    passed = [c.asset_key for c in result.get_asset_check_evaluations() if c.passed]
    assert {*passed} == {dg.AssetKey(name.split(".")) for name in others}


def test_a_failed_suite_of_raw_holds_back_publishing_too(run, spoil) -> None:
    result = run(
        spoil("delete from raw.events where occurred_at like '2024-02-29%' and row_number > 5"),
        "raw.events",
        "marts.mart_stickiness",
    )
    assert not result.success
    assert not published(result)
    check = check_of(result, "raw", "events")
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "day_date=2024-02-29" in check.description


def test_a_suite_that_could_not_be_evaluated_holds_back_publishing(run, spoil) -> None:
    spoiled = spoil("alter table marts.mart_stickiness drop column user_count")
    result = run(spoiled, "raw.events", "marts.mart_stickiness")
    assert not published(result)
    check = check_of(result, "marts", "mart_stickiness")
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert check.metadata["status"].value == "error"


def test_a_warning_is_told_and_published(run, spoil) -> None:
    spoiled = spoil("update raw.ingest_files set status = 'failed' where load_id = 7")
    result = run(spoiled, "raw.ingest_files", "marts.mart_stickiness")
    assert result.success
    assert published(result)
    check = check_of(result, "raw", "ingest_files")
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
