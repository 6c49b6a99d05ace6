"""Filters, columns and words that several boards use."""

from __future__ import annotations

from dashboards.board import BLUE, GREEN, GREY, ORANGE, SKY, Choice, Series, Text

DAYS_SHOWN = 800
"""Days of a daily figure that a board holds, so that its file stays small; marts hold all."""

DAY = Text("Day", "日期")
USERS = Text("Users", "用户数")
SHARE = Text("Share", "占比")
STAGE = Text("Stage", "阶段")
TOTAL = Text("Total", "总计")

# Cool colours for those who are here, warm and grey for those who are not.
STAGES = Series("stage_id", "stage", order="stage_number", colours=(SKY, BLUE, GREEN, ORANGE, GREY))
STAGE_COLUMNS = """
    stages.stage_id, stages.label_en as stage_en, stages.label_zh as stage_zh, stages.stage_number
"""


def newest(table: str, column: str, days: int = DAYS_SHOWN) -> str:
    """A condition: the day is among the last of the table."""
    name = column.rpartition(".")[2]
    return f"{column} > (select max(newest.{name}) - {days} from {table} as newest)"


def last_ripe(table: str, column: str) -> str:
    """A condition: the day is the last ripe one of the table; where none is, the last."""
    name = column.rpartition(".")[2]
    return (
        f"{column} = (select coalesce(max(ripe.{name}) filter (where ripe.is_mature),"
        f" max(ripe.{name})) from {table} as ripe)"
    )


def so_many_of(part: str, whole: str, name: str) -> str:
    """The columns of words that say what a rate is made of: so many of so many."""
    counts = f"format('{{:,}}', {part}), format('{{:,}}', {whole})"
    return (
        f"format('{{}} of {{}}', {counts}) as {name}_en,"
        f" format('{{1}} 中的 {{0}}', {counts}) as {name}_zh"
    )


def grain(*grains: str) -> Choice:
    """Which length of period; the first is the default."""
    words = {"day": ("Days", "日"), "week": ("Weeks", "周"), "month": ("Months", "月")}
    values = ", ".join(f"('{name}', '{words[name][0]}', '{words[name][1]}')" for name in grains)
    return Choice(
        "grain",
        Text("Grain", "粒度"),
        f"select * from (values {values}) as grains (value, label_en, label_zh)",
    )


def breakdown(table: str, bound_to: str, weight: str, condition: str = "true") -> Choice:
    """Which part of a breakdown; the total first, then parts by weight."""
    return Choice(
        "breakdown_value",
        Text("Breakdown", "细分"),
        f"""
        select
            breakdown_value as value,
            {PART_EN} as label_en,
            {PART_ZH} as label_zh,
            {bound_to}
        from {table}
        where {condition}
        group by {bound_to}, breakdown_value
        order by {bound_to}, breakdown_value is not null, max({weight}) desc, breakdown_value
        """,
    )


PART_EN = """case when breakdown_value is null then 'Total'
    when breakdown_value = '' then '(missing)' else breakdown_value end"""
PART_ZH = """case when breakdown_value is null then '总计'
    when breakdown_value = '' then '（缺失）' when breakdown_value = 'Other' then '其他'
    else breakdown_value end"""
