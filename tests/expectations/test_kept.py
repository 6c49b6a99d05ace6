"""A suite that passed is not evaluated again while nothing is new to it, and in no other case."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expectations import kept
from expectations.results import KEPT, Status, SuiteResult
from expectations.suites import suite_files

FILES = {file.name: file for file in suite_files()}
DAYS = "marts.mart_active_users_daily"
TIMES = "marts.mart_funnel_times"
FUNNELS = "marts.mart_funnel_time_to_convert"
STAGES = "marts.mart_lifecycle_migrations"
STICKINESS = "marts.mart_stickiness"


@pytest.fixture
def check(validate: Any, warehouse: Path, tmp_path: Path) -> Callable[..., SuiteResult]:
    """The result of a suite; of all that are given, the first."""
    from expectations.validate import Checks

    def run(*suites: Any, **wanted: Any) -> SuiteResult:
        checks = Checks(tmp_path, [FILES[s].load() if isinstance(s, str) else s for s in suites])
        return checks.run(warehouse, None, memory_limit="1GB", threads=1, **wanted)[0]

    return run


def stored(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*"))


def test_what_passed_stays_with_its_result_and_its_page(
    check: Callable[..., SuiteResult], tmp_path: Path, spoil: Callable[[str], Path]
) -> None:
    first = check(DAYS, STICKINESS)
    before = {name: stored(tmp_path / name) for name in ("validations", "data_docs")}
    again = check(DAYS, STICKINESS)
    assert (first.is_kept, again.is_kept) == (False, True)
    assert (again.status, again.row_count) == (first.status, first.row_count)
    assert sorted(again.evaluated) == sorted(first.evaluated)
    assert KEPT in again.text.lower()
    assert {name: stored(tmp_path / name) for name in before} == before
    # Another suite that is evaluated draws its pages, and leaves these.
    spoil("update marts.mart_stickiness set user_count = user_count + 1")
    assert check(DAYS, STICKINESS).is_kept
    after = stored(tmp_path / "data_docs")
    assert len(after) == len(before["data_docs"])
    assert [p for p in after if "active_users" in p] == [
        p for p in before["data_docs"] if "active_users" in p
    ]
    assert after != before["data_docs"]
    index = (tmp_path / "data_docs" / "index.html").read_text()
    assert "mart_active_users_daily" in index
    assert "mart_stickiness" in index


def test_a_defect_in_a_table_that_was_touched_is_found(
    check: Callable[..., SuiteResult], spoil: Callable[[str], Path]
) -> None:
    check(DAYS)
    spoil(f"update {DAYS} set dau = -1 where activity_date = '2024-02-03'")
    assert check(DAYS).status is Status.FAILED
    # As often as it is asked, and once mended it is asked again.
    assert check(DAYS).status is Status.FAILED
    spoil(f"update {DAYS} set dau = 60 where activity_date = '2024-02-03'")
    mended = check(DAYS)
    assert (mended.status, mended.is_kept) == (Status.PASSED, False)


# What is planted elsewhere than in the suite's own table, which stays as it is.
ELSEWHERE = {
    "a table that a query reads too": (
        FUNNELS,
        f"update {TIMES} set mature_reached_count = 7",
    ),
    "a table that a query joins by using": (
        STAGES,
        "alter table marts.mart_lifecycle_daily drop column stage_id",
    ),
    "the horizon, which is a parameter": (
        DAYS,
        "update facts.dim_horizon set data_through_date = '2024-01-05'",
    ),
    "rows where there were none, which is a parameter": (
        "facts.fct_sessions",
        "delete from facts.fct_sessions; delete from facts.fct_user_days",
    ),
}


@pytest.mark.parametrize("case", ELSEWHERE)
def test_what_changed_in_another_table_is_seen(
    case: str, check: Callable[..., SuiteResult], spoil: Callable[[str], Path]
) -> None:
    name, sql = ELSEWHERE[case]
    if name == "facts.fct_sessions":
        spoil(sql)
        sql = "insert into facts.fct_user_days (user_id) values ('u1')"
    assert check(name).status is Status.PASSED
    spoil(sql)
    result = check(name)
    assert not result.is_kept
    assert result.failures or result.errors


def test_another_bound_over_the_same_table_is_asked(check: Callable[..., SuiteResult]) -> None:
    check(DAYS)
    suite = FILES[DAYS].load()
    bound = next(e for e in suite.expectations if e.meta["rule"] == "dau_not_negative")
    bound.min_value = 61
    assert check(suite).status is Status.FAILED
    assert not check(DAYS).is_kept


def test_another_column_of_an_equal_table_is_seen(
    check: Callable[..., SuiteResult], spoil: Callable[[str], Path]
) -> None:
    check(STICKINESS)
    spoil(f"alter table {STICKINESS} rename column user_count to people")
    assert check(STICKINESS).status is Status.ERROR


def test_other_code_of_the_checks_evaluates_all(
    check: Callable[..., SuiteResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    check(DAYS)
    monkeypatch.setattr(kept, "_package", lambda: ["another"])
    assert not check(DAYS).is_kept


def test_what_warned_is_asked_each_time(
    check: Callable[..., SuiteResult], spoil: Callable[[str], Path]
) -> None:
    spoil("update raw.ingest_files set status = 'failed' where load_id = 7")
    for _ in range(2):
        result = check("raw.ingest_files")
        assert result.warnings
        assert not result.is_kept


def test_anew_evaluates_all(check: Callable[..., SuiteResult]) -> None:
    check(DAYS)
    assert not check(DAYS, is_anew=True).is_kept


@pytest.mark.parametrize("lost", ["validations", "data_docs", "passed_suites.json"])
def test_what_has_no_result_or_page_any_more_is_evaluated(
    lost: str, check: Callable[..., SuiteResult], tmp_path: Path
) -> None:
    check(DAYS)
    path = tmp_path / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert not check(DAYS).is_kept
    assert check(DAYS).is_kept


def test_a_check_that_breaks_off_has_not_passed(
    check: Callable[..., SuiteResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is evaluated is not noted as passed from its beginning to the drawn pages."""
    from expectations import validate

    check(DAYS, STICKINESS)
    monkeypatch.setattr(validate, "_replace", lambda *_: 1 / 0)
    suite = FILES[DAYS].load()
    suite.expectations[1].min_value = 61
    with pytest.raises(ZeroDivisionError):
        check(suite, STICKINESS)
    assert list(json.loads((tmp_path / "passed_suites.json").read_bytes())) == [STICKINESS]


def test_what_hangs_on_more_than_rows_is_evaluated_each_time(
    check: Callable[..., SuiteResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    import great_expectations as gx

    class ExpectOwnRows(gx.expectations.ExpectTableRowCountToBeBetween):
        """Of its own making: nobody knows what it reads."""

    rows = gx.expectations.UnexpectedRowsExpectation
    for expectation in (
        rows(unexpected_rows_query="select * from {batch} where activity_date > current_date"),
        rows(unexpected_rows_query="select * from {batch}, read_csv('none.csv')"),
        ExpectOwnRows(min_value=1),
        gx.expectations.ExpectTableRowCountToEqualOtherTable(other_table_name=DAYS[6:]),
    ):
        for _ in range(2):
            suite = gx.ExpectationSuite(name=DAYS, expectations=[expectation.copy()])
            assert not check(suite).is_kept
    monkeypatch.setattr(kept, "_HASHED_ROWS", 60)
    for _ in range(2):
        assert not check(DAYS).is_kept
