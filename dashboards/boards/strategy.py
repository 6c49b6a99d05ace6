"""Are we where we want to be, and if not, which driver and which segment is to blame?"""

from __future__ import annotations

from dashboards.board import BLUE, ORANGE, Board, Chart, Choice, Column, Period, Series, Table, Text
from dashboards.boards.kpis import (
    KPIS,
    LAST,
    NO_KPIS,
    STAR,
    VALUES,
    answer,
    figure,
    moved,
    period,
    signed,
    tree,
)
from dashboards.boards.shared import DAYS_SHOWN, grain, newest
from dashboards.specs import lines

_VALUE = Text("Value", "值")
_TARGET = Text("Target", "目标")
_MEASURES = Series(
    "measure",
    "measure_name",
    labels={"value": _VALUE, "target_value": _TARGET},
    colours=(BLUE, ORANGE),
)

BOARD = Board(
    name="strategy",
    title=Text("Strategy", "战略"),
    question=Text(
        "Are we where we want to be, and if not, what is to blame?",
        "达到目标了吗？没有的话，问题在哪里？",
    ),
    filters=(
        Period(None),
        grain("month", "week", "day"),
        Choice(
            "kpi_id",
            Text("KPI", "关键指标"),
            f"select kpi_id as value, label_en, label_zh from {KPIS}"
            f" order by not ({STAR}), row_number",
        ),
        Choice(
            "comparison",
            Text("Against", "对比"),
            "select * from (values ('previous', 'The period before', '上一时期'),"
            " ('last_year', 'A year before', '去年同期'), ('target', 'The target', '目标'))"
            " as comparisons (value, label_en, label_zh)",
        ),
    ),
    items=(
        answer("true"),
        tree(),
        moved("driver"),
        moved("segment"),
        Chart(
            "trend",
            Text("Over time", "走势"),
            Text(
                "The value, its target, and shaded, what its history would have it be.",
                "值与目标；阴影是按历史应有的范围。",
            ),
            (VALUES,),
            f"""
            select kpi_id, grain, period_start_date, measure, figure,
                case when measure = 'value' then usual_low end as usual_low,
                case when measure = 'value' then usual_high end as usual_high,
                -- What is shaded: nothing where there is no history, which is a band of height 0.
                coalesce(case when measure = 'value' then usual_low end, figure) as shaded_from,
                coalesce(case when measure = 'value' then usual_high end, figure) as shaded_to,
                is_mature
            from (
                unpivot (
                    from {VALUES} where {newest(VALUES, "period_start_date", DAYS_SHOWN)}
                ) on value, cast(target_value as double) as target_value
                into name measure value figure
            )
            order by kpi_id, grain, measure, period_start_date
            """,
            lines(
                "period_start_date",
                "figure",
                _VALUE,
                [("period_start_date", Text("Period from", "起始日期"), None),
                 ("measure_name", Text("What", "项目"), None), ("figure", _VALUE, ",.4~f"),
                 ("usual_low", Text("usually at least", "通常至少"), ",.4~f"),
                 ("usual_high", Text("usually at most", "通常至多"), ",.4~f")],
                series=_MEASURES,
                number="~s",
                between=("shaded_from", "shaded_to"),
            ),
            _MEASURES,
            day="period_start_date",
            is_wide=True,
        ),
        Table(
            "all_kpis",
            Text("All KPIs in the last whole period", "最近一个完整时期的全部 KPI"),
            Text(
                "Missed targets first, then what moved beyond its history.",
                "未达标的在前，其次是超出历史范围的。",
            ),
            (VALUES, KPIS),
            f"""
            select grain, name_en, name_zh, owner, {period("period_start_date")} as period,
                {figure("value")} as figure, {figure("target_value")} as target, attainment_rate,
                {signed("change")} as difference,
                {figure("same_period_last_year_value")} as last_year,
                case
                    when not is_on_target then 'Target missed' when is_unusual then 'Unusual'
                    when is_on_target then 'Target met' else ''
                end as verdict_en,
                case
                    when not is_on_target then '未达标' when is_unusual then '异常'
                    when is_on_target then '达标' else ''
                end as verdict_zh
            from {LAST}
            order by grain, coalesce(is_on_target, true), not coalesce(is_unusual, false),
                row_number
            """,
            columns=(
                Column("name", Text("KPI", "KPI")),
                Column("verdict", Text("Verdict", "判断")),
                Column("figure", _VALUE),
                Column("target", _TARGET),
                Column("attainment_rate", Text("Reached", "达成率"), "rate"),
                Column("difference", Text("Against the period before", "比上一时期")),
                Column("last_year", Text("A year before", "去年同期")),
                Column("owner", Text("Owner", "负责人")),
                Column("period", Text("Period", "时期")),
            ),
            empty=NO_KPIS,
            is_wide=True,
        ),
    ),
)  # fmt: skip
