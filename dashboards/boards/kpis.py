"""The tree of KPIs, what it says in a sentence, and what moved a KPI: for several boards."""

from __future__ import annotations

from dashboards.board import BLUE, GREEN, RED, Chart, Column, Series, Table, Text
from dashboards.specs import waterfall
from dashboards.tree import spec

VALUES, PARTS, KPIS = "marts.mart_kpi_values", "marts.mart_kpi_contributions", "seeds.dim_kpis"
POINTS = 13
"""Periods of the small curve beside a KPI."""
NO_KPIS = Text("No KPI is defined (seeds/kpis.csv).", "没有定义 KPI（seeds/kpis.csv）。")
STAR = "parent_kpi_id is null"
MOVES = Series(
    "move",
    "move_name",
    labels={
        "more": Text("Adds", "推高"),
        "less": Text("Takes away", "拉低"),
        "change": Text("The whole change", "全部变化"),
    },
    colours=(GREEN, RED, BLUE),
)


def figure(value: str) -> str:
    """A figure of a KPI in words: whole where it is large, three digits where it is small."""
    return f"""case
        when {value} is null then '–'
        when abs({value}) >= 1000 or {value} = round({value})
            then format('{{:,}}', cast(round({value}) as bigint))
        when abs({value}) >= 10 then format('{{:.1f}}', cast({value} as double))
        else format('{{:.3g}}', cast({value} as double))
    end"""


def signed(value: str) -> str:
    return f"case when {value} > 0 then '+' else '' end || {figure(value)}"


def period(day: str) -> str:
    """A period in words."""
    return f"""case grain
        when 'month' then strftime({day}, '%Y-%m')
        when 'week' then strftime({day}, '%Y-%m-%d') || ' – ' || strftime({day} + 6, '%Y-%m-%d')
        else strftime({day}, '%Y-%m-%d')
    end"""


LAST = f"""(
    select kpi_values.*, coalesce(kpis.label_en, kpis.kpi_id) as name_en,
        coalesce(kpis.label_zh, kpis.label_en, kpis.kpi_id) as name_zh,
        kpis.parent_kpi_id, kpis.direction, kpis.row_number, kpis.owner, kpis.stage
    from {VALUES} as kpi_values
    inner join {KPIS} as kpis on kpi_values.kpi_id = kpis.kpi_id
    where kpi_values.is_mature
    qualify row_number() over (
        partition by kpi_values.kpi_id, kpi_values.grain order by period_start_date desc
    ) = 1
)"""
"""Each KPI in the last whole period of each grain."""

DRIVERS = f"""(
    select parts.*,
        coalesce(kpis.label_en, kpis.kpi_id, parts.driver_id)
            || case when is_mix then ': mix' else '' end as driver_en,
        coalesce(kpis.label_zh, kpis.label_en, kpis.kpi_id, parts.driver_id)
            || case when is_mix then '：结构' else '' end as driver_zh,
        case when segment_value = '' then '(missing)' else segment_value end as segment_en,
        case when segment_value = '' then '（缺失）' else segment_value end as segment_zh
    from (select *, ends_with(driver_id, ':mix') as is_mix from {PARTS}) as parts
    left join {KPIS} as kpis
        on kpis.kpi_id = case when is_mix then left(driver_id, -4) else driver_id end
)"""


def _most(by: str, name: str) -> str:
    """Which driver, or which segment, did most of a change since the period before."""
    return f"""(
        select kpi_id, grain, period_start_date,
            arg_max({by}_en, contribution * sign(change)) as {name}_en,
            arg_max({by}_zh, contribution * sign(change)) as {name}_zh,
            max_by(contribution, contribution * sign(change)) as {name}_contribution
        from (
            select *, sum(contribution) over (
                partition by kpi_id, grain, period_start_date
            ) as change
            from (
                select kpi_id, grain, period_start_date, {by}_en, {by}_zh,
                    sum(contribution) as contribution
                from {DRIVERS}
                where comparison = 'previous' and {by}_en is not null
                group by all
            )
        )
        where contribution * change > 0
        group by all
    )"""


def answer(condition: str = STAR) -> Table:
    """Does it meet its target, and what is to blame, in a sentence: of the last whole period, and
    of the one that is under way where it has a target."""
    told = period("period_start_date")
    share = "format('{:.1f}', 100 * attainment_rate)"
    return Table(
        "answer",
        Text("Are we on target, and if not, why?", "达标了吗？没有的话，为什么？"),
        Text(
            "Of the last whole period; and of the one that is under way, where it has a target.",
            "最近一个完整的时期；进行中的时期有目标时也说明。",
        ),
        (VALUES, PARTS, KPIS),
        f"""
        with told as (
            select kpi_values.*, coalesce(label_en, kpi_id) as name_en,
                coalesce(label_zh, label_en, kpi_id) as name_zh, parent_kpi_id,
                kpi_values.period_start_date = max(period_start_date) filter (
                    kpi_values.is_mature
                ) over (partition by kpi_id, grain) as is_last
            from {VALUES} as kpi_values
            inner join {KPIS} using (kpi_id)
            where {condition}
        )
        select grain, kpi_id,
            {told} || case when is_mature then '' else ' so far' end || ': ' || name_en || ' '
            || {figure("value")}
            || case
                when target_value is null then '.'
                else ', ' || coalesce({share} || ' % of ', '') || 'the target '
                    || {figure("target_value")}
                    || case
                        when not is_mature then '.'
                        when is_on_target then ': met.' when not is_on_target then ': missed.'
                        else '.'
                    end
            end
            || case
                when change is null or not is_mature then ''
                else ' ' || {signed("change")} || ' against the period before'
                    || coalesce(
                        ', most of it by ' || driver_name_en || ' ('
                            || {signed("driver_name_contribution")} || ')', ''
                    )
                    || coalesce(
                        ', and by segment in ' || segment_name_en || ' ('
                            || {signed("segment_name_contribution")} || ')', ''
                    )
                    || '.'
            end
            || case when is_unusual then ' That is beyond what its history would have.' else '' end
            as answer_en,
            {told} || case when is_mature then '' else '（进行中）' end || '：' || name_zh || ' '
            || {figure("value")}
            || case
                when target_value is null then '。'
                else '，' || coalesce('完成目标的 ' || {share} || ' %，', '') || '目标 '
                    || {figure("target_value")}
                    || case
                        when not is_mature then '。'
                        when is_on_target then '：达标。' when not is_on_target then '：未达标。'
                        else '。'
                    end
            end
            || case
                when change is null or not is_mature then ''
                else '比上一时期 ' || {signed("change")}
                    || coalesce(
                        '，主要来自' || driver_name_zh || '（'
                            || {signed("driver_name_contribution")} || '）', ''
                    )
                    || coalesce(
                        '，按分段主要在 ' || segment_name_zh || '（'
                            || {signed("segment_name_contribution")} || '）', ''
                    )
                    || '。'
            end
            || case when is_unusual then '这超出了历史应有的范围。' else '' end as answer_zh
        from told
        left join {_most("driver", "driver_name")} using (kpi_id, grain, period_start_date)
        left join {_most("segment", "segment_name")} using (kpi_id, grain, period_start_date)
        where is_last or (not is_mature and target_value is not null)
        order by grain, period_start_date
        """,
        columns=(Column("answer", Text("Answer", "回答")),),
        empty=NO_KPIS,
        is_wide=True,
        hides_when_empty=True,
    )


def tree(condition: str = "true") -> Chart:
    """All KPIs below the north star, in their last whole period."""
    return Chart(
        "tree",
        Text("The tree of KPIs", "KPI 树"),
        Text(
            "Each KPI in the last whole period: its value, how far it is from the period before, "
            "and from its target. Green: target met; red: missed; grey: there is none.",
            "每个 KPI 最近一个完整时期的值、与上一时期的差别、与目标的差别。绿色：达标；红色："
            "未达标；灰色：没有目标。",
        ),
        (VALUES, KPIS),
        f"""
        with recursive
        placed as (
            select kpi_id, parent_kpi_id, 0 as depth, [row_number] as way from {KPIS} where {STAR}
            union all
            select kpis.kpi_id, kpis.parent_kpi_id, placed.depth + 1,
                list_append(placed.way, kpis.row_number)
            from {KPIS} as kpis
            inner join placed on kpis.parent_kpi_id = placed.kpi_id
        ),

        nodes as (
            select last.*, placed.depth,
                row_number() over (partition by grain order by placed.way) - 1 as place
            from {LAST} as last
            inner join placed on last.kpi_id = placed.kpi_id
            where {condition}
        ),

        hung as (
            select nodes.*, parents.place as parent_place
            from nodes
            left join nodes as parents
                on nodes.parent_kpi_id = parents.kpi_id and nodes.grain = parents.grain
        ),

        curves as (
            select hung.kpi_id, hung.grain, hung.place, kpi_values.period_start_date,
                row_number() over of_kpi as number,
                (kpi_values.value - min(kpi_values.value) over all_of_it) / nullif(
                    max(kpi_values.value) over all_of_it - min(kpi_values.value) over all_of_it, 0
                ) as spark_y
            from hung
            inner join {VALUES} as kpi_values
                on hung.kpi_id = kpi_values.kpi_id and hung.grain = kpi_values.grain
                and kpi_values.period_start_date <= hung.period_start_date
                and kpi_values.period_start_date > hung.period_start_date
                    - interval 1 day * {POINTS} * case hung.grain
                        when 'day' then 1 when 'week' then 7 else 31 end
            window all_of_it as (partition by hung.kpi_id, hung.grain), of_kpi as (
                partition by hung.kpi_id, hung.grain order by kpi_values.period_start_date
            )
        )

        select 'node' as kind, grain, kpi_id as node_id, place, parent_place, depth,
            name_en, name_zh,
            {period("period_start_date")} as period,
            case
                when target_value is null then ''
                else coalesce(format('{{:.1f}} %', 100 * attainment_rate) || ' of ', 'target ')
                    || {figure("target_value")}
            end as beneath_en,
            case
                when target_value is null then ''
                else '目标 ' || {figure("target_value")}
                    || coalesce('，完成 ' || format('{{:.1f}} %', 100 * attainment_rate), '')
            end as beneath_zh,
            {figure("value")} as figure,
            case
                when change is null then ''
                else case when change > 0 then '▲ ' when change < 0 then '▼ ' else '= ' end
                    || {signed("change")}
            end as difference,
            case
                when is_on_target then 'good' when not is_on_target then 'bad' else 'none'
            end as verdict,
            case
                when coalesce(change, 0) = 0 then 'none'
                when (change > 0) = (direction = 'up') then 'good' else 'bad'
            end as difference_verdict,
            owner, previous_value, same_period_last_year_value, target_value, usual_low, usual_high,
            cast(null as double) as spark_x, cast(null as double) as spark_y
        from hung
        union all
        select 'spark', grain, kpi_id, place, null, null, null, null, null, null, null, null, null,
            null, null, null, null, null, null, null, null,
            (number - 1) / nullif(max(number) over (partition by kpi_id, grain) - 1, 0),
            coalesce(spark_y, 0.5)
        from curves
        order by grain, kind, place, spark_x
        """,
        spec(
            [("name", Text("KPI", "KPI"), None), ("period", Text("Period", "时期"), None),
             ("figure", Text("Value", "值"), None), ("owner", Text("Owner", "负责人"), None),
             ("target_value", Text("Target", "目标"), ",.4~f"),
             ("previous_value", Text("Period before", "上一时期"), ",.4~f"),
             ("same_period_last_year_value", Text("A year before", "去年同期"), ",.4~f"),
             ("usual_low", Text("usually at least", "通常至少"), ",.4~f"),
             ("usual_high", Text("usually at most", "通常至多"), ",.4~f")],
        ),
        empty=NO_KPIS,
        is_wide=True,
        hides_when_empty=True,
    )  # fmt: skip


def moved(by: str, condition: str = "true", *, comparison: str = "true") -> Chart:
    """What a KPI's drivers, or its segments, did to it in the last whole period."""
    words = {
        "driver": (
            Text("What moved it: drivers", "什么推动了它：驱动因素"),
            Text("Driver", "驱动因素"),
        ),
        "segment": (Text("What moved it: segments", "什么推动了它：分段"), Text("Segment", "分段")),
    }[by]
    return Chart(
        f"moved_by_{by}",
        words[0],
        Text(
            "From the period before to the last whole one, driver by driver: the bars add up to "
            "the whole change, exactly."
            if by == "driver"
            else "The same change, segment by segment.",
            "从上一时期到最近一个完整的时期，逐个驱动因素：各条恰好合成全部变化。"
            if by == "driver"
            else "同一变化，逐个分段。",
        ),
        (PARTS, VALUES, KPIS),
        f"""
        with parts as (
            select parts.kpi_id, parts.grain, comparison, period_start_date, {by}_en, {by}_zh,
                sum(contribution) as contribution,
                sum(from_value) as from_value, sum(to_value) as to_value
            from {DRIVERS} as parts
            inner join (
                select kpi_id, grain, period_start_date from {LAST} as last where {condition}
            ) as last using (kpi_id, grain, period_start_date)
            where {by}_en is not null and {comparison}
            group by all
        ),

        ordered as (
            select *,
                row_number() over of_kpi as place,
                sum(contribution) over of_kpi as reached
            from parts
            window of_kpi as (
                partition by kpi_id, grain, comparison
                order by abs(contribution) desc, {by}_en
                rows between unbounded preceding and current row
            )
        )

        select kpi_id, grain, comparison, {by}_en as part_en, {by}_zh as part_zh, place,
            reached - contribution as start_at, reached as end_at,
            contribution, {signed("contribution")} as figure,
            case when contribution < 0 then 'less' else 'more' end as move,
            greatest(reached, reached - contribution) as longest
        from ordered
        union all
        select kpi_id, grain, comparison, 'Together', '合计', count(*) + 1,
            sum(contribution), 0, sum(contribution), {signed("sum(contribution)")}, 'change',
            greatest(sum(contribution), 0)
        from ordered
        group by kpi_id, grain, comparison
        order by kpi_id, grain, comparison, place
        """,
        waterfall(
            "part",
            "start_at",
            "end_at",
            Text("Change", "变化"),
            [("part", words[1], None), ("figure", Text("Contribution", "贡献"), None)],
            order="place",
            text="datum.figure",
            longest="longest",
            series=MOVES,
        ),
        MOVES,
        empty=Text("It has none, or no period before it.", "没有，或者没有上一时期。"),
        hides_when_empty=by == "segment",
    )
