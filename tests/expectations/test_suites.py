"""Every suite is shown what each of its rules must catch, and clean data that it must accept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from expectations.chinese import chinese
from expectations.results import Status, SuiteResult
from expectations.rules import QueryRule, Suite
from expectations.suites import all_suites
from tests.expectations.defects import defects, rounds

DEFECTS = defects()
SUITES = {suite.name: suite for suite in all_suites()}
Validate = Callable[..., tuple[SuiteResult, ...]]


def test_clean_data_is_accepted_without_a_warning(validate: Validate, clean_template: Path) -> None:
    results = validate(clean_template)
    assert {r.suite: r.text for r in results if r.status is not Status.PASSED or r.failures} == {}
    assert [r.suite for r in results] == list(SUITES)
    doubtful = {"marts.mart_id_warnings"}  # each of its rows is a doubt
    assert {r.suite for r in results if not r.row_count or r.note} == doubtful
    assert all(len(r.evaluated) == len(SUITES[r.suite].rules) for r in results)


def test_an_empty_warehouse_passes_with_a_note(validate: Validate, empty_warehouse: Path) -> None:
    results = validate(empty_warehouse)
    assert {r.suite: r.text for r in results if r.status is not Status.PASSED or r.failures} == {}
    assert all(r.row_count == 0 and "empty" in (r.note or "") for r in results)


def test_every_rule_has_a_defect_that_shows_that_it_can_fail() -> None:
    rules = {(suite.name, rule.name) for suite in all_suites() for rule in suite.rules}
    assert rules == DEFECTS.keys()
    assert sum(len(suite.rules) for suite in all_suites()) == len(rules), "a name stands twice"


@pytest.mark.parametrize("defects", rounds(), ids=lambda defects: "-".join(next(iter(defects))))
def test_a_defect_is_caught_and_its_rows_named(
    defects: dict[tuple[str, str], str], validate: Validate, spoil: Callable[[str], Path]
) -> None:
    warehouse = spoil(";".join(defects.values()))
    results = validate(warehouse, [SUITES[suite_name] for suite_name, _ in defects])
    for (_, rule_name), result in zip(defects, results, strict=True):
        assert_caught(result, rule_name, warehouse)


def assert_caught(result: SuiteResult, rule_name: str, warehouse: Path) -> None:
    suite = SUITES[result.suite]
    rule = next(rule for rule in suite.rules if rule.name == rule_name)
    assert result.errors == ()
    failure = next((f for f in result.failures if f.rule == rule_name), None)
    assert failure is not None, f"{rule_name} not caught; {result.text}"
    assert failure.severity is rule.severity
    assert result.status is (Status.FAILED if result.blocking_failures else Status.PASSED)
    assert failure.sentence == rule.sentence
    keys = failure.failing_keys
    assert 1 <= len(keys) <= 20
    assert all(tuple(key) == suite.keys_of(rule) for key in keys)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        found = connection.execute(failure.sql).fetchall()
    assert len(found) == failure.failing_row_count
    assert {tuple(key.values()) for key in keys} <= {
        tuple(None if value is None else str(value) for value in row[: len(keys[0])])
        for row in found
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
        sql = f"{DEFECTS['raw.events', 'volume_did_not_collapse']}; {sql}"
    (result,) = validate(spoil(sql), [SUITES["raw.events"]])
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
    (result,) = validate(spoil(sql), [SUITES[suite_name]])
    assert result.status is Status.PASSED, result.text


def test_a_day_of_silence_stops_one_build_and_not_the_next(
    validate: Validate, spoil: Callable[[str], Path]
) -> None:
    suite: Suite = SUITES["raw.events"]
    warehouse = spoil("delete from raw.events where occurred_at like '2024-02-28%'")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update facts.dim_horizon set data_through_at = '2024-02-29 06:00:00'")
    assert validate(warehouse, [suite])[0].status is Status.FAILED
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update facts.dim_horizon set data_through_at = '2024-03-01 06:00:00'")
    assert validate(warehouse, [suite])[0].status is Status.PASSED


def test_the_rows_of_a_query_rule_are_named_by_columns_that_it_selects() -> None:
    for suite in all_suites():
        for rule in suite.rules:
            if isinstance(rule, QueryRule):
                assert rule.keys, (suite.name, rule.name)


def test_every_rule_says_what_is_wrong_in_chinese_too() -> None:
    sentences = {rule.sentence for suite in all_suites() for rule in suite.rules}
    assert [sentence for sentence in sentences if not chinese(sentence)] == []
    assert chinese("A figure is below 0 (dau, wau)") == "数字小于 0（dau, wau）"
    assert chinese("A part is greater than its whole (dau of wau)") == (
        "部分大于整体（wau 里的 dau）"
    )
    assert chinese("Nobody has said this yet") is None
