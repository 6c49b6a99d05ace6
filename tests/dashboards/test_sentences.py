"""What boards say of lists, of value and of KPIs, by figures that stand here."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dashboards.boards import BOARDS
from orchestration.publish.publishing import DATABASE
from tests.dashboards.conftest import Published

LISTS = """
    delete from marts.mart_audience_exports;
    insert into marts.mart_audience_exports by name
    select * from (values
        ('letter', 'Letter', null, timestamp '2024-02-01', 9, 1, 0, 1, 7, 7, 0, 0),
        ('letter', 'Letter', null, timestamp '2024-03-01', 1010, 4, 3, 2, 1001, 1000, 1, 6),
        ('tried', 'Tried', 'no such', timestamp '2024-03-01', 5, 0, 0, 0, 5, 2, 3, 1)
    ) as lists (audience_id, label_en, campaign_id, export_at, matched_count, no_consent_count,
        capped_count, holdout_count, exported_count, added_count, kept_count, removed_count)
"""
# Ten of a hundred customers are worth as much as all others.
VALUES = """
    delete from marts.mart_user_values;
    insert into marts.mart_user_values by name
    select (select model_id from seeds.dim_value_models order by row_number limit 1) as model_id,
        'u' || number as user_id, 2 as expected_purchase_count,
        case when number < 10 then 900 else 100 end as expected_value_amount
    from range(100) as numbers (number);
    delete from marts.mart_value_models;
    insert into marts.mart_value_models by name
    select (select model_id from seeds.dim_value_models order by row_number limit 1) as model_id,
        * from (values ('holdout_purchases', {bought}), ('holdout_expected', {expected}))
        as figures (figure_id, value)
"""
KPI = """
    update marts.mart_kpi_values set value = {value}, target_value = 5, attainment_rate = null,
        is_on_target = {is_on_target}, change = null, is_unusual = false
    where kpi_id = 'sales' and grain = 'month' and period_start_date = '2024-03-01'
"""


@pytest.fixture
def database(published: Published, tmp_path: Path) -> Path:
    return Path(shutil.copyfile(published.folder / DATABASE, tmp_path / "changed.duckdb"))


def said(database: Path, board: str, item: str, change: str) -> list[dict[str, Any]]:
    [table] = [one for each in BOARDS if each.name == board for one in each.items if one.id == item]
    with duckdb.connect(str(database)) as connection:
        connection.execute(change)
        cursor = connection.execute(table.sql)
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_whom_to_write_to_is_the_newest_list(database: Path) -> None:
    rows = {row["audience_id"]: row for row in said(database, "audiences", "whom", LISTS)}
    assert rows["letter"]["answer_en"] == (
        "Write to 1,001 users: the list of 2024-03-01 00:00 (1,000 added, 6 taken off). Left out"
        " are 4 who did not agree, 3 who got enough messages and 2 who are held out. What it"
        " achieves is not measured: it has no campaign."
    )
    assert rows["letter"]["answer_zh"] == (
        "联系 1,001 人：2024-03-01 00:00 的名单（新增 1,000，移除 6）。未导出：4 人未同意，"
        "3 人消息已达上限，2 人留作对照。没有对应的活动，效果无从衡量。"
    )
    # What another campaign did is not its own.
    assert rows["tried"]["answer_en"] == (
        "Write to 5 users: the list of 2024-03-01 00:00 (2 added, 1 taken off). What its lists"
        " achieved cannot be told yet: nobody was held out, or no window of theirs has closed."
    )


@pytest.mark.parametrize(("bought", "expected", "end"), [
    (45, 50, "In the hold-out they bought on 45 days where 50 were expected, 10.0% fewer."),
    (60, 50, "In the hold-out they bought on 60 days where 50 were expected, 20.0% more."),
    (20, 29, "The hold-out is too short to judge that by."),
])  # fmt: skip
def test_what_customers_are_worth(database: Path, bought: int, expected: int, end: str) -> None:
    change = VALUES.format(bought=bought, expected=expected)
    [row] = said(database, "value", "worth", change)
    assert row["answer_en"] == (
        "In 364 days after the calibration, 100 customers are expected to buy on 200 days, for"
        f" 18,000; the best tenth of them brings 50%. {end}"
    )


@pytest.mark.parametrize(("value", "is_on_target", "end"), [
    ("6", "true", ": met."), ("4", "false", ": missed."), ("null", "null", "."),
])  # fmt: skip
def test_a_target_is_met_or_missed_or_neither(
    database: Path, value: str, is_on_target: str, end: str
) -> None:
    change = KPI.format(value=value, is_on_target=is_on_target)
    [row] = [
        row
        for row in said(database, "strategy", "answer", change)
        if row["kpi_id"] == "sales" and row["answer_en"].startswith("2024-03: ")
    ]
    figure = "–" if value == "null" else value
    assert row["answer_en"] == f"2024-03: Sales {figure}, the target 5{end}"
