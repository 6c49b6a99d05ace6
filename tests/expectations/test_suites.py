"""Every suite is shown what each of its rules must catch, and clean data that it must accept."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from expectations.results import Status, SuiteResult, rule_of, sentence_of, severity_of
from expectations.suites import SuiteFile, suite_files
from tests.expectations import defects, tables

if TYPE_CHECKING:
    import great_expectations as gx

FILES = {file.name: file for file in suite_files()}
Validate = Callable[..., tuple[SuiteResult, ...]]
Factory = pytest.TempPathFactory


@pytest.fixture(scope="module")
def suites(validate: Validate) -> list[gx.ExpectationSuite]:
    return [file.load() for file in suite_files()]


def test_clean_data_is_accepted_without_a_warning(
    validate: Validate,
    clean_template: Path,
    builds: list[Path],
    suites: list[gx.ExpectationSuite],
) -> None:
    results = validate(clean_template, builds=builds)
    assert {r.suite: r.text for r in results if r.status is not Status.PASSED or r.failures} == {}
    assert [r.suite for r in results] == list(FILES)
    doubtful = {"marts.mart_id_warnings"}  # each of its rows is a doubt
    assert {r.suite for r in results if not r.row_count or r.note} == doubtful
    assert [len(r.evaluated) for r in results] == [len(suite.expectations) for suite in suites]


def test_an_empty_warehouse_passes_with_a_note(validate: Validate, empty_warehouse: Path) -> None:
    """Of what an empty table has no mean of, there is nothing to judge."""
    results = validate(empty_warehouse)
    assert {r.suite: r.text for r in results if r.status is not Status.PASSED or r.failures} == {}
    assert all(r.row_count == 0 and "empty" in (r.note or "") for r in results)


Spoiled = dict[str, list[tuple[dict[str, str], duckdb.DuckDBPyConnection, SuiteResult]]]
_WRITTEN = re.compile(r"\b(?:update|delete from|insert into|alter table)\s+([\w.]+)")


@pytest.fixture(scope="module")
def spoiled(
    request: pytest.FixtureRequest,
    validate: Validate,
    clean_template: Path,
    builds: list[Path],
    tmp_path_factory: Factory,
) -> Iterator[Spoiled]:
    """Of each suite that a test asks for its rounds of defects, the warehouse that has them, and
    what those of its rules say that must catch them.

    What spoils the suite's own table alone is planted together with what spoils those of others,
    but an empty table, which others may allow.
    """
    folder = tmp_path_factory.mktemp("spoiled")
    items = (item for item in request.session.items if item.path == request.path)
    calls = [getattr(item, "callspec", None) for item in items]
    asked = {call.params["file"].name for call in calls if call and "file" in call.params}
    together: list[dict[str, dict[str, str]]] = []
    alone: list[dict[str, dict[str, str]]] = []
    for name in filter(asked.__contains__, FILES):
        with suppress(LookupError):  # its own test says so
            own = 0
            for planted in defects.rounds(FILES[name].load()):
                written = {*_WRITTEN.findall(";".join(planted.values()))}
                if written != {name} or any(rule.startswith("not_empty") for rule in planted):
                    alone.append({name: planted})
                    continue
                together += [{}] if own == len(together) else []
                together[own][name] = planted
                own += 1
    found: Spoiled = {}
    with ExitStack() as stack:
        for number, of_suites in enumerate([*together, *alone]):
            warehouse = folder / f"{number}.duckdb"
            shutil.copyfile(clean_template, warehouse)
            with duckdb.connect(str(warehouse)) as connection:
                for planted in of_suites.values():
                    connection.execute(";".join(planted.values()))
            suites = [rules_of(name, planted) for name, planted in of_suites.items()]
            results = validate(warehouse, suites, builds=builds)
            reading = stack.enter_context(duckdb.connect(str(warehouse), read_only=True))
            for result in results:
                planted = of_suites[result.suite]
                found.setdefault(result.suite, []).append((planted, reading, result))
        yield found


def rules_of(name: str, chosen: Collection[str]) -> gx.ExpectationSuite:
    suite = FILES[name].load()
    suite.expectations = [
        expectation
        for expectation in suite.expectations
        if rule_of(expectation.configuration.to_json_dict()) in chosen
    ]
    return suite


@pytest.mark.parametrize("file", suite_files(), ids=lambda file: file.name)
def test_each_rule_catches_its_defect_and_names_the_rows(file: SuiteFile, spoiled: Spoiled) -> None:
    suite = file.load()
    assert len(spoiled.get(file.name, [])) == len(defects.rounds(suite))
    for planted, reading, result in spoiled[file.name]:
        for rule in planted:
            assert_caught(suite, result, rule, reading)


def test_a_rule_without_a_defect_fails_by_its_name(validate: Validate) -> None:
    import great_expectations.expectations as gxe

    suite = FILES["marts.mart_stickiness"].load()
    suite.add_expectation(gxe.ExpectColumnMaxToBeBetween(column="user_count", max_value=9))
    with pytest.raises(LookupError, match="no defect of expect_column_max_to_be_between user_co"):
        defects.rounds(suite)


def assert_caught(
    suite: gx.ExpectationSuite,
    result: SuiteResult,
    rule_name: str,
    reading: duckdb.DuckDBPyConnection,
) -> None:
    configs = [expectation.configuration.to_json_dict() for expectation in suite.expectations]
    config = next(config for config in configs if rule_of(config) == rule_name)
    assert result.errors == ()
    failure = next((f for f in result.failures if f.rule == rule_name), None)
    assert failure is not None, f"{rule_name} not caught; {result.text}"
    assert failure.severity is severity_of(config)
    assert result.status is (Status.FAILED if result.blocking_failures else Status.PASSED)
    assert failure.sentence == sentence_of(config)
    keys = failure.failing_keys
    assert 1 <= len(keys) <= 20
    own = config["meta"].get("keys") or suite.meta["keys"]
    if config["type"] in OF_NO_ROW:
        return
    assert all(list(key) == own for key in keys)
    found = reading.sql(failure.sql).project(", ".join(own)).fetchall()
    assert len(found) == failure.failing_row_count
    assert {tuple(key.values()) for key in keys} <= {
        tuple(None if value is None else str(value) for value in row) for row in found
    }


# What these find is a figure of the table, or a column that it lacks.
OF_NO_ROW = {
    "expect_table_columns_to_match_set",
    "expect_column_unique_value_count_to_be_between",
    "expect_column_mean_to_be_between",
    "expect_column_median_to_be_between",
    "expect_table_row_count_to_be_between",
}


@pytest.mark.parametrize(
    "spelling",
    [
        "cast(epoch_ms(day) // 1000 as text)",
        "cast(epoch_ms(day) as text)",
        "cast(epoch_us(day) as text)",
        "strftime(day, '%Y%m%d')",
        "strftime(day, '%Y%m%dT%H%M%SZ')",
        "strftime(day, '%Y%m%d%H%M%S')",
        "strftime(day, '%Y/%-m/%-d %H:%M')",
    ],
)
@pytest.mark.parametrize("rows_left", [None, 5], ids=["clean", "collapsed"])
def test_the_volume_of_events_is_judged_however_they_spell_time(
    spelling: str, rows_left: int | None, validate: Validate, spoil: Callable[[str], Path]
) -> None:
    day = "cast(left(occurred_at, 10) as timestamp)"
    sql = f"update raw.events set occurred_at = {spelling.replace('day', day)}"
    if rows_left is not None:
        sql = f"{tables.defects('raw.events')['volume_did_not_collapse']}; {sql}"
    (result,) = validate(spoil(sql), [FILES["raw.events"].load()])
    assert result.status is (Status.PASSED if rows_left is None else Status.FAILED)


LEGAL = {
    "a shop that is closed on one day of the week": (
        "raw.events",
        "delete from raw.events where dayofweek(cast(left(occurred_at, 10) as date)) = 4",
    ),
    "a product in its second week": (
        "raw.events",
        "delete from raw.events where occurred_at < '2024-02-20' or load_id = 60",
    ),
    "times that cannot be read, and absurd ones": (
        "raw.events",
        """update raw.events set occurred_at = case row_number % 8
            when 0 then 'NaN' when 1 then '1e309' when 2 then '-99999999999999999999'
            when 3 then '2999-01-01' when 4 then '0001-01-01T00:00:00' when 5 then '1.7172E+15'
            when 6 then 'infinity' else '今天; drop table' end
        where row_number > 60""",
    ),
    "one broken file of few": (
        "raw.ingest_files",
        """delete from raw.ingest_files where load_id < 58;
        update raw.ingest_files set status = 'failed' where load_id < 60""",
    ),
    "a gap of a year without customers": (
        "marts.mart_rfm_scores",
        """delete from marts.mart_rfm_scores where snapshot_date > '2024-02-01';
        update facts.dim_horizon set data_through_date = '2026-01-01'""",
    ),
    "a funnel of which nothing is mature yet": (
        "marts.mart_funnel_conversion",
        """update marts.mart_funnel_conversion set mature_entrant_count = 0,
            mature_reached_count = 0, mature_previous_count = 0, rate_from_start = null,
            rate_from_previous = null, mean_seconds_from_previous = null,
            median_seconds_from_previous = null, p90_seconds_from_previous = null""",
    ),
    "an optional step that fewer take than the step after it": (
        "marts.mart_funnel_conversion",
        """update marts.mart_funnel_conversion set mature_previous_count = 1500
        where step_number = 3;
        update marts.mart_funnel_conversion set reached_count = 50, mature_reached_count = 50
        where step_number = 2""",
    ),
    "more closed attempts than attempts, where an exclusion voids the best": (
        "marts.mart_funnel_trends",
        """update seeds.dim_funnel_steps set exclusion_number = 1;
        update marts.mart_funnel_trends set mature_entrant_count = 110""",
    ),
    "more closed attempts than attempts of a step, where one is optional": (
        "marts.mart_funnel_conversion",
        """update seeds.dim_funnel_steps set is_optional = true;
        update marts.mart_funnel_conversion set reached_count = mature_reached_count - 1""",
    ),
    "a histogram over a range of two years": (
        "marts.mart_stickiness",
        """update seeds.stickiness set period = 'range';
        update marts.mart_stickiness set active_intervals = active_intervals + 600""",
    ),
}


@pytest.mark.parametrize("case", LEGAL)
def test_odd_but_legal_data_stops_nothing(
    case: str, validate: Validate, spoil: Callable[[str], Path]
) -> None:
    suite_name, sql = LEGAL[case]
    (result,) = validate(spoil(sql), [FILES[suite_name].load()])
    assert result.status is Status.PASSED, result.text


def test_a_day_of_silence_stops_one_build_and_not_the_next(
    validate: Validate, spoil: Callable[[str], Path]
) -> None:
    warehouse = spoil("delete from raw.events where occurred_at like '2024-02-28%'")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update facts.dim_horizon set data_through_at = '2024-02-29 06:00:00'")
    assert validate(warehouse, [FILES["raw.events"].load()])[0].status is Status.FAILED
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update facts.dim_horizon set data_through_at = '2024-03-01 06:00:00'")
    assert validate(warehouse, [FILES["raw.events"].load()])[0].status is Status.PASSED


def test_every_rule_says_what_is_wrong_in_both_languages(
    suites: list[gx.ExpectationSuite],
) -> None:
    for suite in suites:
        assert suite.meta["keys"], suite.name
        for expectation in suite.expectations:
            assert isinstance(expectation.notes, str), (suite.name, expectation)
            assert re.search("[\u4e00-\u9fff]", expectation.meta["zh"]), (suite.name, expectation)
            assert expectation.meta["rule"], (suite.name, expectation)
