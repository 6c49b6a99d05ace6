"""Where do people stop?"""

from __future__ import annotations

from dashboards.board import Board, Chart, Choice, Column, Period, Table, Text, Tile, Tiles
from dashboards.boards.shared import PART_EN, PART_ZH, breakdown, newest
from dashboards.specs import columns, histogram, lines, rows

_ENTRANTS = Text("Entrants", "进入人数")
_REACHED = Text("Reached it", "到达人数")
_RATE = Text("Of those who entered", "占进入人数")
_RIPE_ENTRANTS = Text("Entrants whose window is over", "窗口已结束的进入人数")
_PERIOD = Text("Period from", "起始日期")
_CONVERSION = Text("Conversion", "转化率")
# Months are few; of days there is the total alone, so that the page stays small.
_SHOWN = f"""
    grain = 'month' or (
        (grain = 'week' or (grain = 'day' and breakdown_value is null))
        and {newest("marts.mart_funnel_trends", "period_start_date")}
    )
"""
# The first and the last step first: how long the whole way takes.
_PAIRS = """
    select
        from_step || '-' || to_step as value,
        'Step ' || from_step || ' to ' || to_step as label_en,
        '第 ' || from_step || ' 步到第 ' || to_step || ' 步' as label_zh,
        funnel_id
    from marts.mart_funnel_times
    group by funnel_id, from_step, to_step
    order by funnel_id, from_step, to_step desc
"""
_NOBODY = Text("Nobody has entered whose window is over.", "还没有窗口已结束的进入者。")
_NO_PERIODS = Text(
    "Nobody has entered; by day there is the total alone.", "还没有人进入；按日只有总计。"
)
_FEW = 30
"""Entrants of a usual week, below which its rate says little: months come first then."""
_GRAINS = f"""
    with thin as (
        select
            funnels.funnel_id,
            coalesce(median(trends.mature_entrant_count) < {_FEW}, false) as is_thin
        from seeds.dim_funnels as funnels
        left join marts.mart_funnel_trends as trends
            on funnels.funnel_id = trends.funnel_id
            and trends.grain = 'week' and trends.breakdown_value is null
        group by funnels.funnel_id
    )

    select grains.value, grains.label_en, grains.label_zh, thin.funnel_id
    from (values ('week', 'Weeks', '周'), ('month', 'Months', '月'), ('day', 'Days', '日'))
        as grains (value, label_en, label_zh)
    cross join thin
    order by
        thin.funnel_id, grains.value = 'day', (grains.value = 'month') <> thin.is_thin
"""
_STEP = """
    conversion.step_number || '. ' || coalesce(events.label_en, conversion.step_event_name)
        as step_en,
    conversion.step_number || '. ' || coalesce(events.label_zh, conversion.step_event_name)
        as step_zh
"""

BOARD = Board(
    name="funnels",
    title=Text("Funnels", "漏斗"),
    question=Text("How many get through, and where do people stop?",
                  "有多少人走完，在哪一步停下？"),
    filters=(
        Choice(
            "funnel_id",
            Text("Funnel", "漏斗"),
            "select funnel_id as value, label_en, label_zh from seeds.dim_funnels"
            " order by row_number",
        ),
        breakdown("marts.mart_funnel_conversion", "funnel_id", "entrant_count", "grain = 'all'"),
        Choice("grain", Text("Grain", "粒度"), _GRAINS),
        Choice("steps", Text("Time between", "时间区间"), _PAIRS),
        Period(None),
    ),
    items=(
        Tiles(
            "headline",
            Text("At a glance", "一目了然"),
            Text(
                "Rates are of the people whose window is over: they can no longer convert, or "
                "have. So are the steps below.",
                "转化率只看时间窗口已结束的人：他们已经转化，或不会再转化。下面的步骤也是。",
            ),
            ("marts.mart_funnel_conversion",),
            f"""
            with steps as (
                select
                    conversion.*, {_STEP},
                    mature_previous_count - mature_reached_count as stopped_count,
                    1 - rate_from_previous as stopped_rate
                from marts.mart_funnel_conversion as conversion
                left join seeds.dim_event_names as events
                    on conversion.step_event_name = events.event_name
                where conversion.grain = 'all' and not conversion.is_optional
            )

            select
                funnel_id, breakdown_value,
                max(steps.entrant_count) as entrant_count,
                max(steps.mature_entrant_count) as mature_entrant_count,
                max_by(rate_from_start, step_number) as conversion_rate,
                format(
                    '{{:,}} / {{:,}}', max_by(mature_reached_count, step_number),
                    max(steps.mature_entrant_count)
                ) as conversion_of,
                max_by(steps.stopped_rate, stopped_count) as stopped_rate,
                max_by(
                    format('{{:,}} / {{:,}} before ', stopped_count, mature_previous_count)
                    || step_en, stopped_count
                ) as stopped_of_en,
                max_by(
                    format('{{:,}} / {{:,}}，停在以下步骤之前：', stopped_count,
                           mature_previous_count)
                    || step_zh, stopped_count
                ) as stopped_of_zh
            from steps
            group by funnel_id, breakdown_value
            having max(steps.mature_entrant_count) > 0
            order by funnel_id, breakdown_value
            """,
            tiles=(
                Tile("conversion_rate", _CONVERSION, "rate", note="conversion_of"),
                Tile("stopped_rate", Text("Most stop here", "停下最多的一步"), "rate",
                     note="stopped_of"),
                Tile("mature_entrant_count", _RIPE_ENTRANTS),
                Tile("entrant_count", Text("Entered so far, everybody", "目前进入的所有人")),
            ),
            is_wide=True,
            empty=_NOBODY,
        ),
        Chart(
            "steps",
            Text("Steps", "步骤"),
            Text(
                "Who reached each step, and their share of those who entered: people whose window "
                "is over.",
                "到达各步的人数及占进入人数的比例，只看时间窗口已结束的人。",
            ),
            ("marts.mart_funnel_conversion",),
            f"""
            select
                conversion.funnel_id, conversion.breakdown_value, conversion.step_number,
                {_STEP},
                conversion.mature_entrant_count, conversion.mature_reached_count,
                coalesce(conversion.mature_previous_count, conversion.mature_reached_count)
                    as from_count,
                conversion.mature_previous_count - conversion.mature_reached_count
                    as stopped_count,
                conversion.rate_from_start, conversion.rate_from_previous,
                1 - conversion.rate_from_previous as stopped_rate,
                coalesce(
                    format('{{:,}} · {{:.1f}}%', stopped_count, 100 * stopped_rate), '0'
                ) as stopped_of,
                case when mature_previous_count is null then 'entered' when conversion.is_optional
                    then 'optional; not by ' || stopped_of
                    else '−' || stopped_of || ' stopped' end as stopped_en,
                case when mature_previous_count is null then '进入' when conversion.is_optional
                    then '可选；未经过 ' || stopped_of
                    else '−' || stopped_of || ' 停下' end as stopped_zh
            from marts.mart_funnel_conversion as conversion
            left join seeds.dim_event_names as events
                on conversion.step_event_name = events.event_name
            where conversion.grain = 'all' and conversion.mature_entrant_count > 0
            order by conversion.funnel_id, conversion.breakdown_value, conversion.step_number
            """,
            rows(
                "step",
                "mature_reached_count",
                Text("Users", "用户数"),
                [("step", Text("Step", "步骤"), None),
                 ("mature_reached_count", _REACHED, ",d"),
                 ("mature_entrant_count", _RIPE_ENTRANTS, ",d"),
                 ("rate_from_start", _RATE, ".1%"),
                 ("rate_from_previous", Text("Of the step before", "占上一步"), ".1%"),
                 ("stopped_count", Text("Stopped since the step before", "上一步之后停下"), ",d"),
                 ("stopped_rate", Text("Their share of it", "占上一步"), ".1%")],
                order="step_number",
                shadow="from_count",
                text="format(datum.mature_reached_count, ',d')"
                     " + (isValid(datum.rate_from_start)"
                     " ? ' · ' + format(datum.rate_from_start, '.1%') : '')",
                beneath="datum.stopped",
            ),
            look=Text(
                "Dark: who reached it. Pale: who stopped since the step before.",
                "深色：到达的人；浅色：上一步之后停下的人。",
            ),
            empty=_NOBODY,
        ),
        Chart(
            "parts",
            Text("By breakdown", "按细分比较"),
            Text(
                "Share of entrants whose window is over who reached the last step, part by part.",
                "各部分中，时间窗口已结束的进入者到达最后一步的比例。",
            ),
            ("marts.mart_funnel_conversion",),
            f"""
            select
                funnel_id, breakdown_value as part_value, {PART_EN} as part_en,
                {PART_ZH} as part_zh, step_number, mature_entrant_count, mature_reached_count,
                entrant_count, rate_from_start,
                row_number() over (
                    partition by funnel_id
                    order by breakdown_value is not null, entrant_count desc, breakdown_value
                ) as place
            from marts.mart_funnel_conversion
            where grain = 'all' and not is_optional and mature_entrant_count > 0
            qualify step_number = max(step_number) over (partition by funnel_id) and place <= 400
            order by funnel_id, place
            """,
            rows(
                "part",
                "rate_from_start",
                _CONVERSION,
                [("part", Text("Part", "部分"), None), ("rate_from_start", _CONVERSION, ".1%"),
                 ("mature_reached_count", _REACHED, ",d"),
                 ("mature_entrant_count", _RIPE_ENTRANTS, ",d")],
                order="place",
                number=".0%",
                text="format(datum.rate_from_start, '.1%')"
                     " + ' (' + format(datum.mature_reached_count, ',d') + '/'"
                     " + format(datum.mature_entrant_count, ',d') + ')'",
            ),
            look=Text("In brackets: how many of how many.", "括号内是人数。"),
            empty=_NOBODY,
        ),
        Chart(
            "trend",
            Text("Conversion over time", "转化率趋势"),
            Text(
                "Of the people who entered in a period and whose window is over (n), the share "
                "that reached the last step.",
                "各时期进入且时间窗口已结束的人（n）到达最后一步的比例。",
            ),
            ("marts.mart_funnel_trends",),
            f"""
            select
                funnel_id, grain, breakdown_value, period_start_date, mature_entrant_count,
                mature_converted_count, conversion_rate, is_mature
            from marts.mart_funnel_trends
            where {_SHOWN}
            order by funnel_id, grain, breakdown_value, period_start_date
            """,
            lines(
                "period_start_date",
                "conversion_rate",
                _CONVERSION,
                [("period_start_date", _PERIOD, None), ("conversion_rate", _CONVERSION, ".1%"),
                 ("mature_converted_count", Text("Converted", "转化人数"), ",d"),
                 ("mature_entrant_count", _RIPE_ENTRANTS, ",d")],
                number=".0%",
                beneath="mature_entrant_count",
            ),
            look=Text("Dashed: some still have time.", "虚线：有些人的窗口还没有结束。"),
            day="period_start_date",
            empty=_NO_PERIODS,
        ),
        Chart(
            "entrants",
            Text("Entrants over time", "进入人数趋势"),
            Text(
                "How many people opened the funnel in each period, whatever became of them.",
                "各时期进入漏斗的人数，不论后来如何。",
            ),
            ("marts.mart_funnel_trends",),
            f"""
            select
                funnel_id, grain, breakdown_value, period_start_date, entrant_count,
                converted_count, is_mature
            from marts.mart_funnel_trends
            where {_SHOWN}
            order by funnel_id, grain, breakdown_value, period_start_date
            """,
            columns(
                "period_start_date",
                "entrant_count",
                _ENTRANTS,
                [("period_start_date", _PERIOD, None), ("entrant_count", _ENTRANTS, ",d"),
                 ("converted_count", Text("Converted so far", "目前转化"), ",d")],
            ),
            day="period_start_date",
            empty=_NO_PERIODS,
        ),
        Chart(
            "time_to_convert",
            Text("Time to convert", "转化用时"),
            Text(
                "How many people took how long between the two steps that are chosen above.",
                "在上面所选的两步之间，多少人用了多长时间。",
            ),
            ("marts.mart_funnel_time_to_convert",),
            """
            select
                funnel_id, breakdown_value, from_step || '-' || to_step as steps, bin_number,
                bin_from_seconds, bin_to_seconds, mature_reached_count
            from marts.mart_funnel_time_to_convert
            order by funnel_id, breakdown_value, steps, bin_number
            """,
            histogram(
                "bin_from_seconds",
                "bin_to_seconds",
                "mature_reached_count",
                Text("Users", "用户数"),
                [("bin_from_seconds", Text("From", "从"), "duration"),
                 ("bin_to_seconds", Text("To", "到"), "duration"),
                 ("mature_reached_count", Text("Users", "用户数"), ",d")],
                x_label=Text("Time taken", "用时"),
            ),
        ),
        Table(
            "times",
            Text("How long each way takes", "各步之间的用时"),
            Text(
                "Half of the people were there within the median, nine in ten within the 90th "
                "percentile.",
                "一半的人用时不超过中位数，九成的人不超过 P90。",
            ),
            ("marts.mart_funnel_times",),
            """
            select
                funnel_id, breakdown_value, from_step || ' → ' || to_step as way,
                mature_reached_count, median_seconds, mean_seconds, p90_seconds
            from marts.mart_funnel_times
            order by funnel_id, breakdown_value, from_step, to_step
            """,
            columns=(
                Column("way", Text("Steps", "步骤")),
                Column("mature_reached_count", Text("Users", "用户数"), "count"),
                Column("median_seconds", Text("Median", "中位数"), "duration"),
                Column("mean_seconds", Text("Mean", "平均"), "duration"),
                Column("p90_seconds", Text("90th percentile", "P90"), "duration"),
            ),
        ),
    ),
)  # fmt: skip
