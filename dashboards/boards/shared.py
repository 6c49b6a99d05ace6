"""Filters, columns and words that several boards use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboards.board import BLUE, GREEN, GREY, ORANGE, SKY, Choice, Column, Series, Table, Text
from dashboards.specs import Spec, Tooltip, dots, lines

DAYS_SHOWN = 800
"""Days of a daily figure that a board holds, so that its file stays small; marts hold all."""

MONTHS_SHOWN = 24
"""Months of a figure by month."""
FEW = 30
"""Of fewer cases than these nothing is concluded."""

DAY = Text("Day", "日期")
MONTH = Text("Month", "月份")
USERS = Text("Users", "用户数")
SHARE = Text("Share", "占比")
STAGE = Text("Stage", "阶段")
TOTAL = Text("Total", "总计")
VERDICT = Text("It", "结论")
OTHERS = Text("Of the others together", "其他合计")

# Cool colours for those who are here, warm and grey for those who are not.
STAGES = Series("stage_id", "stage", order="stage_number", colours=(SKY, BLUE, GREEN, ORANGE, GREY))
STAGE_COLUMNS = """
    stages.stage_id, stages.label_en as stage_en, stages.label_zh as stage_zh, stages.stage_number
"""


def in_words(column: str, labels: Mapping[str, Text], language: str) -> str:
    """SQL: the words of an id."""
    cases = " ".join(f"when '{name}' then '{getattr(t, language)}'" for name, t in labels.items())
    return f"case {column} {cases} end"


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


def by_span(mart: str) -> str:
    """The newest months of a mart, and all so far, named by `span`. What is so far is no period
    that has yet to close."""
    return f"""(
        select * replace (is_mature or grain = 'all' as is_mature),
            coalesce(strftime(period_start_date, '%Y-%m'), 'all') as span
        from {mart}
        where grain = 'all' or grain = 'month' and period_start_date > (
            select max(period_start_date) - interval '{MONTHS_SHOWN} months' from {mart}
        )
    )"""


def spans(*marts: str) -> Choice:
    """Which month; the last ripe one is the default, and where none is, all so far."""
    each = " union all ".join(f"select span, is_mature from {by_span(mart)}" for mart in marts)
    return Choice(
        "span",
        MONTH,
        f"""
        with spans as (
            select span, bool_and(is_mature) as is_mature from ({each}) group by span
        )

        select
            span as value,
            case when span = 'all' then 'All so far' when is_mature then span
                else span || ' (not ripe)' end as label_en,
            case when span = 'all' then '至今全部' when is_mature then span
                else span || '（未成熟）' end as label_zh
        from spans
        order by
            span <> (select max(span) from spans where is_mature and span <> 'all'),
            span <> 'all', span desc
        """,
    )


def answer(
    item: str, question: Text, sql: str, marts: tuple[str, ...], empty: Text, *, is_wide: bool
) -> Table:
    """A question of a board and the sentence that answers it, of SQL that gives `answer_en`,
    `answer_zh` and the columns of filters."""
    return Table(
        item,
        question,
        Text(
            f"In brackets: where it lies with 95% certainty. Of fewer than {FEW} cases nothing is "
            "concluded.",
            f"括号内是 95% 置信区间。少于 {FEW} 例时不下结论。",
        ),
        marts,
        sql,
        columns=(Column("answer", Text("Answer", "回答")),),
        empty=empty,
        is_wide=is_wide,
    )


def sure(rate: str) -> str:
    """A rate in words, and between which it lies."""
    figures = ", ".join(f"100 * {rate}{end}" for end in ("", "_lower", "_upper"))
    return f"format('{{:.1f}}% ({{:.1f}}% – {{:.1f}}%)', {figures})"


def rate_of(part: str, whole: str, name: str) -> str:
    """Columns of a rate that no mart has, summed up on a board: it, and Wilson's 95% interval."""
    z, n = 1.959963984540054, f"nullif({whole}, 0)"
    spread = f"{z} * sqrt({part} * (1 - {part} / {n}) + {z * z / 4})"
    ends = [f"({part} + {z * z / 2} {sign} {spread}) / ({n} + {z * z})" for sign in "-+"]
    return f"{part} / {n} as {name}, {ends[0]} as {name}_lower, {ends[1]} as {name}_upper"


def beside_others(rows: str, part: str, whole: str, rate: str, by: str) -> str:
    """Rows with the rate of all others together, and whether theirs is surely `more` or `less`;
    `few` of them tell nothing."""
    return f"""(
        select *,
            (sum({part}) over all_of_it - {part})
                / nullif(sum({whole}) over all_of_it - {whole}, 0) as others_rate,
            case
                when {whole} < {FEW} then 'few'
                when {rate}_lower > others_rate then 'more'
                when {rate}_upper < others_rate then 'less'
                else 'unclear'
            end as verdict_id
        from {rows}
        window all_of_it as (partition by {by})
    )"""


def rate_by_period(
    rate: str, label: Text, counts: Tooltip, *, of: str, period: Text = MONTH
) -> Spec:
    """A rate by period between the bounds of its interval; `of` is the count that it is of."""
    return lines(
        "period_start_date",
        rate,
        label,
        [("period_start_date", period, None), (rate, label, ".1%"), *counts],
        number=".0%",
        beneath=of,
        between=(f"{rate}_lower", f"{rate}_upper"),
    )


def rate_beside_others(
    y: tuple[str, Text],
    rate: str,
    label: Text,
    counts: Tooltip,
    verdicts: Series,
    *,
    verdict: Text = VERDICT,
    others: Text = OTHERS,
    scale: Mapping[str, Any] | None = None,
) -> Spec:
    """Of rows of `beside_others`, in their `place`: the rate, what it lies between, the verdict."""
    return dots(
        y[0],
        rate,
        label,
        [(*y, None), ("verdict", verdict, None), (rate, label, ".1%"),
         (f"{rate}_lower", Text("at least", "至少"), ".1%"),
         (f"{rate}_upper", Text("at most", "至多"), ".1%"),
         ("others_rate", others, ".1%"), *counts],
        order="place",
        low=f"{rate}_lower",
        high=f"{rate}_upper",
        series=verdicts,
        number=".0%",
        scale=scale,
    )  # fmt: skip


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
