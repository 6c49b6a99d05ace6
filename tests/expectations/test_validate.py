"""What can go wrong with a suite itself, and how the warehouse is opened."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest

from expectations import process
from expectations.results import Severity, Status, SuiteResult
from expectations.suites import SuiteError, suite_files

Validate = Callable[..., tuple[SuiteResult, ...]]
ROOT = Path(__file__).resolve().parents[2]
DAYS = "marts.mart_active_users_daily"
# Of each schema some; all of them are asked in `test_suites.py`.
SOME = suite_files()[::9]


@pytest.fixture(scope="module")
def gx(validate: Validate) -> ModuleType:
    """Great Expectations, imported under the guard."""
    import great_expectations

    return great_expectations


@pytest.fixture(scope="module")
def negative(gx: ModuleType) -> Any:
    return gx.expectations.ExpectColumnValuesToBeBetween(column="dau", min_value=0)


@pytest.fixture
def suite_of(gx: ModuleType) -> Callable[..., Any]:
    def made(*expectations: Any, name: str = DAYS, keys: Sequence[str] = ("activity_date",)) -> Any:
        copies = [expectation.copy(update={"id": None}) for expectation in expectations]
        return gx.ExpectationSuite(name=name, expectations=copies, meta={"keys": list(keys)})

    return made


@pytest.fixture
def rows_of(gx: ModuleType) -> Callable[..., Any]:
    """No row meets a condition."""

    def made(rule: str, where: str, severity: str = "critical") -> Any:
        return gx.expectations.UnexpectedRowsExpectation(
            unexpected_rows_query=f"select * from {{batch}} where {where}",
            notes=rule.title(),
            severity=severity,
            meta={"rule": rule},
        )

    return made


def test_an_empty_suite_is_an_error(
    validate: Validate, clean_template: Path, suite_of: Any
) -> None:
    (result,) = validate(clean_template, [suite_of()])
    assert result.status is Status.ERROR
    assert "no rules" in result.text


def test_a_missing_table_is_an_error_and_no_older_result_stays(
    validate: Validate, spoil: Callable[[str], Path], suite_of: Any, negative: Any, tmp_path: Path
) -> None:
    assert validate(spoil("select 1"), [suite_of(negative)], folder=tmp_path)[0].errors == ()
    (result,) = validate(spoil(f"drop table {DAYS}"), [suite_of(negative)], folder=tmp_path)
    assert result.status is Status.ERROR
    assert result.evaluated == ()
    assert result.row_count is None
    assert len(result.errors) == 1
    assert "mart_active_users_daily" in result.text
    (stored,) = (tmp_path / "validations").rglob("*.json")
    assert '"raised_exception": true' in stored.read_text()


def test_a_missing_column_is_an_error_and_the_other_rules_are_still_evaluated(
    validate: Validate, clean_template: Path, suite_of: Any, rows_of: Any, gx: ModuleType
) -> None:
    dreams = gx.expectations.ExpectColumnValuesToNotBeNull(column="dreamt_count")
    asked = rows_of("dreams", "dreamt_count > 0")
    always = rows_of("always", "dau >= 0")
    (result,) = validate(clean_template, [suite_of(dreams, asked, always)])
    assert result.status is Status.ERROR
    assert result.evaluated == ("always",)
    assert [failure.rule for failure in result.failures] == ["always"]
    own, query = result.errors
    assert own.startswith("expect_column_values_to_not_be_null dreamt_count could not be eval")
    assert query.startswith("dreams could not be evaluated: ")
    assert "dreamt_count" in query


def test_a_suite_that_raised_is_an_error_and_the_next_one_is_evaluated(
    validate: Validate, clean_template: Path, suite_of: Any, rows_of: Any, gx: ModuleType
) -> None:
    raising = rows_of("raises", "error('boom')")
    count = gx.expectations.ExpectTableRowCountToBeBetween(min_value=1)
    sound = suite_of(count, name="marts.mart_rfm_migrations", keys=("snapshot_date",))
    first, second = validate(clean_template, [suite_of(raising), sound])
    assert first.status is Status.ERROR
    assert "boom" in first.text
    assert second.status is Status.PASSED


def test_a_missing_declared_column_is_a_failure_that_names_it(
    validate: Validate, clean_template: Path, suite_of: Any, negative: Any, gx: ModuleType
) -> None:
    columns = gx.expectations.ExpectTableColumnsToMatchSet(
        column_set=["dau", "sau"], exact_match=False
    )
    (result,) = validate(clean_template, [suite_of(columns, negative)])
    assert result.status is Status.FAILED
    assert result.failures[0].failing_keys == ({"column_name": "sau"},)


def test_a_warning_passes_and_is_told(
    validate: Validate, clean_template: Path, suite_of: Any, rows_of: Any
) -> None:
    (result,) = validate(clean_template, [suite_of(rows_of("warned of", "dau = 60", "warning"))])
    assert result.status is Status.PASSED
    (failure,) = result.warnings
    assert (failure.sentence, failure.severity) == ("Warned Of", Severity.WARNING)
    assert failure.failing_row_count == 60
    assert len(failure.failing_rows) == 20
    assert list(failure.failing_keys[0]) == ["activity_date"]


def test_a_figure_of_a_table_is_a_failure_that_says_it(
    validate: Validate, clean_template: Path, suite_of: Any, gx: ModuleType
) -> None:
    """Of means and quantiles there is no row to name."""
    mean = gx.expectations.ExpectColumnMeanToBeBetween(column="dau", max_value=1)
    (result,) = validate(clean_template, [suite_of(mean)])
    (failure,) = result.failures
    assert failure.sentence == "expect column mean to be between dau does not hold"
    assert list(failure.failing_keys[0]) == ["observed_value"]


def test_braces_and_quotes_in_sql_reach_the_database_as_written(
    validate: Validate, clean_template: Path, suite_of: Any, rows_of: Any
) -> None:
    where = "'{{\"a\": {{0}}}}' = '{{' || '\"a\": {{0}}}}' and dau = 5"
    (result,) = validate(clean_template, [suite_of(rows_of("braces", where))])
    (failure,) = result.failures
    assert failure.failing_row_count == 1
    assert """'{"a": {0}}' = '{' ||""" in failure.sql


def test_nulls_in_keys_are_told_apart_from_text(
    validate: Validate, clean_template: Path, suite_of: Any, rows_of: Any
) -> None:
    suite = suite_of(
        rows_of("lapsed", "to_segment_id is null"),
        name="marts.mart_rfm_migrations",
        keys=("from_segment_id", "to_segment_id"),
    )
    (result,) = validate(clean_template, [suite])
    assert result.failures[0].failing_keys == (
        {"from_segment_id": "segment_2", "to_segment_id": None},
    )


def test_values_of_any_length_are_cut_where_nobody_reads_on(
    validate: Validate, spoil: Callable[[str], Path], suite_of: Any, rows_of: Any
) -> None:
    warehouse = spoil("update marts.mart_rfm_scores set user_id = repeat('长', 10000)")
    suite = suite_of(rows_of("all", "true"), name="marts.mart_rfm_scores", keys=("user_id",))
    (result,) = validate(warehouse, [suite])
    assert result.failures[0].failing_keys[0] == {"user_id": "长" * 199 + "…"}


def test_more_rows_than_are_read_are_counted(
    validate: Validate, spoil: Callable[[str], Path], suite_of: Any, rows_of: Any, gx: ModuleType
) -> None:
    warehouse = spoil(f"insert into {DAYS} (dau) select -1 from range(0, 30_000)")
    suite = suite_of(
        rows_of("below", "dau < 0"),
        gx.expectations.ExpectColumnValuesToBeBetween(column="dau", min_value=0),
    )
    (result,) = validate(warehouse, [suite])
    assert [failure.failing_row_count for failure in result.failures] == [30_000, 30_000]


def test_a_suite_that_holds_asks_one_query_of_all_its_columns(
    validate: Validate, clean_template: Path, suite_of: Any, rows_of: Any, gx: ModuleType
) -> None:
    """And one of each query: of what holds no rows are listed, and none counted again."""
    import sqlalchemy as sa

    asked: list[str] = []
    engine = sa.engine.Engine
    sa.event.listen(engine, "before_cursor_execute", note := lambda *told: asked.append(told[2]))
    try:
        bounds = [
            gx.expectations.ExpectColumnValuesToBeBetween(column=column, min_value=0)
            for column in ("dau", "wau", "mau")
        ]
        validate(clean_template, [suite_of(*bounds, rows_of("below", "dau < 0"))])
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    about_rows = [sql for sql in asked if DAYS in sql and "count(*)" not in sql.lower()[:20]]
    assert len([sql for sql in about_rows if "sum(CASE" in sql]) == 1
    assert len([sql for sql in about_rows if "where dau < 0" in sql]) == 1


def test_an_edited_bound_of_a_module_is_what_is_checked(
    validate: Validate, clean_template: Path, tmp_path: Path
) -> None:
    text = _file("marts.mart_rfm_scores").paths[0].read_text(encoding="utf-8")
    assert text.count("max_value=365") == 1
    (_suites(tmp_path) / "mart_rfm_scores.py").write_text(
        text.replace("max_value=365", "max_value=1"), encoding="utf-8"
    )
    (file,) = suite_files(tmp_path)
    (result,) = validate(clean_template, [file.load()])
    assert [failure.rule for failure in result.failures] == ["bought_within_the_year"]


def test_a_suite_as_the_store_of_great_expectations_writes_it_is_one(
    validate: Validate, clean_template: Path, tmp_path: Path, suite_of: Any, gx: ModuleType
) -> None:
    """Alone, and beside a module of the same table, whose expectations it adds to."""
    context = gx.get_context(mode="file", project_root_dir=tmp_path / "project")
    bound = gx.expectations.ExpectColumnValuesToBeBetween(
        column="dau", max_value=59, severity="warning", notes="Busy", meta={"zh": "忙"}
    )
    context.suites.add(suite_of(bound))
    (written,) = (tmp_path / "project" / "gx" / "expectations").rglob("*.json")
    folder = _suites(tmp_path)
    shutil.copyfile(written, folder / f"{DAYS[6:]}.json")
    (alone,) = suite_files(tmp_path)
    (result,) = validate(clean_template, [alone.load()])
    assert (result.status, len(result.evaluated)) == (Status.PASSED, 1)
    (failure,) = result.warnings
    assert (failure.sentence, failure.sentence_zh) == ("Busy", "忙")
    assert failure.failing_row_count == 60
    assert list(failure.failing_keys[0]) == ["activity_date"]

    shutil.copyfile(_file(DAYS).paths[0], folder / f"{DAYS[6:]}.py")
    suite_files.cache_clear()
    (both,) = suite_files(tmp_path)
    (result,) = validate(clean_template, [both.load()])
    assert len(result.evaluated) == len(_file(DAYS).load().expectations) + 1
    assert [failure.sentence for failure in result.failures] == ["Busy"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("orders.json", '{"name": "marts.orders", "expectations": ['),
        ("orders.json", '{"name": "marts.orders", "expectations": [{"type": "expect_peace"}]}'),
        ("orders.json", '{"name": "marts.sales", "expectations": []}'),
        ("orders.py", "SUITE = 'none'"),
    ],
)
def test_a_file_that_holds_no_suite_is_named(tmp_path: Path, name: str, text: str) -> None:
    (_suites(tmp_path) / name).write_text(text, encoding="utf-8")
    suite_files.cache_clear()
    (file,) = suite_files(tmp_path)
    with pytest.raises(SuiteError, match=f"marts/{name}: it "):
        file.load()


def _suites(folder: Path) -> Path:
    (folder / "marts").mkdir()
    return folder / "marts"


def _file(name: str) -> Any:
    return next(file for file in suite_files() if file.name == name)


def ask(warehouse: Path, names: Sequence[str], folder: Path) -> tuple[SuiteResult, ...]:
    process.ask(warehouse, names, folder=folder)
    return process.answer(folder)


def test_the_checks_in_a_process_of_their_own_answer_as_here(
    clean_template: Path, tmp_path: Path
) -> None:
    process.start(tmp_path)
    (result,) = ask(clean_template, [DAYS], tmp_path)
    assert (result.suite, result.status, result.row_count) == (DAYS, Status.PASSED, 61)
    assert (tmp_path / "data_docs" / result.page).is_file()
    with pytest.raises(FileNotFoundError, match="build one first"):
        ask(tmp_path / "none.duckdb", [DAYS], tmp_path)


def test_what_is_asked_already_is_not_asked_again(clean_template: Path, tmp_path: Path) -> None:
    process.ask(clean_template, [DAYS], folder=tmp_path)
    first = process._started[tmp_path]
    assert process.is_asked(tmp_path)
    process.ask(Path(str(clean_template)), ["".join(DAYS)], folder=tmp_path)
    assert process._started[tmp_path] is first
    process.ask(clean_template, [DAYS], folder=tmp_path, is_anew=True)
    assert process._started[tmp_path] is not first
    (result,) = process.answer(tmp_path)
    assert (result.suite, result.is_kept) == (DAYS, False)
    assert not process.is_asked(tmp_path)


def test_a_process_that_a_signal_ends_is_followed_by_another(
    clean_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start_and_kill(folder: Path) -> None:
        start(folder)
        process._started[folder].kill()

    start = process.start
    process.start(tmp_path)
    process._started[tmp_path].kill()
    (result,) = ask(clean_template, [DAYS], tmp_path)
    assert result.status == Status.PASSED
    monkeypatch.setattr(process, "start", start_and_kill)
    with pytest.raises(RuntimeError, match="ended with -9"):
        ask(clean_template, [DAYS], tmp_path)


def niceness(pid: int) -> dict[int, int]:
    """Of each thread of a process."""
    threads = [int(thread.name) for thread in Path(f"/proc/{pid}/task").iterdir()]
    return {thread: os.getpriority(os.PRIO_PROCESS, thread) for thread in threads}


def test_who_waits_is_asked_or_ends_with_the_build(clean_template: Path, tmp_path: Path) -> None:
    with process.waiting(tmp_path):
        waits = process._started[tmp_path]
        process.ask(clean_template, [DAYS], folder=tmp_path)
        assert process._started[tmp_path] is waits
        (result,) = process.answer(tmp_path)
    assert result.status == Status.PASSED
    with process.waiting(tmp_path):
        waits = process._started[tmp_path]
        # What is made ready gives way, what is evaluated does not.
        ours, until = os.getpriority(os.PRIO_PROCESS, 0), time.monotonic() + 30
        while max((of_threads := niceness(waits.pid)).values()) == ours:
            assert time.monotonic() < until
            time.sleep(0.02)
        assert of_threads[waits.pid] == ours
    assert waits.returncode == -9


def test_a_process_that_is_not_asked_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from expectations import process\n"
        "process.start(Path(sys.argv[1])); (child,) = process._started.values(); print(child.pid)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        check=True, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    until = time.monotonic() + 60
    while Path(f"/proc/{told.stdout.strip()}").exists() and time.monotonic() < until:
        time.sleep(0.2)
    assert time.monotonic() < until


def test_no_warehouse_is_said_so(validate: Validate, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="build one first"):
        validate(tmp_path / "none.duckdb")


def test_a_file_that_is_no_warehouse_is_said_so(
    validate: Validate, tmp_path: Path, suite_of: Any, negative: Any
) -> None:
    path = tmp_path / "warehouse.duckdb"
    path.write_text("<html>")
    with pytest.raises(OSError, match="not a valid DuckDB"):
        validate(path, [suite_of(negative)])


def test_any_path_will_do(
    validate: Validate, warehouse: Path, suite_of: Any, negative: Any
) -> None:
    odd = warehouse.rename(warehouse.with_name("a b 仓库 $HOME ?x=1 #2 %20.duckdb"))
    (result,) = validate(odd, [suite_of(negative)])
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
        results = validate(warehouse, [file.load() for file in SOME])
    finally:
        reader.communicate(timeout=30)
    assert {result.status for result in results} == {Status.PASSED}
    assert warehouse.read_bytes() == before
    with duckdb.connect(str(warehouse)) as writer:  # as another configuration would refuse
        writer.execute("create table main.proof as select 1")


def test_every_published_mart_has_a_suite() -> None:
    exposures = (ROOT / "dbt_project" / "models" / "exposures.yml").read_text(encoding="utf-8")
    published = set(re.findall(r"ref\('(mart_\w+)'\)", exposures))
    assert published
    assert published <= {file.table for file in suite_files()}


def test_declarations_and_asset_checks_import_without_great_expectations() -> None:
    code = (
        "import sys, orchestration.defs.checks.suites, expectations.process\n"
        "assert 'great_expectations' not in sys.modules"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=60)


def test_nothing_was_asked_of_the_network(
    validate: Validate, warehouse: Path, tmp_path: Path, network_requests: list[object]
) -> None:
    validate(warehouse, [file.load() for file in SOME], folder=tmp_path)
    assert network_requests == []
