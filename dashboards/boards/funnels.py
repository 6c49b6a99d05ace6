"""Where do people stop?"""

from __future__ import annotations

from dashboards.board import Board, Chart, Choice, Column, Period, Table, Text
from dashboards.boards.shared import PART_EN, PART_ZH, breakdown, grain, newest
from dashboards.specs import columns, lines, rows

_ENTRANTS = Text("Entrants", "进入人数")
_REACHED = Text("Reached it", "到达人数")
_REACHED_SO_FAR = Text("So far", "目前到达")
_RATE = Text("Of those who entered", "占进入人数")
_RIPE_ENTRANTS = Text("Entrants whose time is over", "窗口已结束的进入人数")
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
        grain("week", "day", "month"),
        Choice("steps", Text("Time between", "时间区间"), _PAIRS),
        Period(None),
    ),
    items=(
        Chart(
            "steps",
            Text("Steps", "步骤"),
            Text(
                "Dark: of those whose time is over, how many reached the step, and their share "
                "of the first. Light: everybody so far.",
                "深色：时间窗口已结束的人中到达该步的人数及占第一步的比例；浅色：目前所有人。",
            ),
            ("marts.mart_funnel_conversion",),
            f"""
            select
                conversion.funnel_id, conversion.breakdown_value, conversion.step_number,
                {_STEP},
                conversion.entrant_count, conversion.reached_count,
                conversion.mature_entrant_count, conversion.mature_reached_count,
                conversion.rate_from_start, conversion.rate_from_previous, conversion.is_mature
            from marts.mart_funnel_conversion as conversion
            left join seeds.dim_event_names as events
                on conversion.step_event_name = events.event_name
            where conversion.grain = 'all'
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
                 ("reached_count", _REACHED_SO_FAR, ",d")],
                order="step_number",
                shadow="reached_count",
                text="format(datum.mature_reached_count, ',d') + ' · '"
                     " + (isValid(datum.rate_from_start)"
                     " ? format(datum.rate_from_start, '.1%') : '')",
            ),
            height=200,
        ),
        Chart(
            "parts",
            Text("By breakdown", "按细分比较"),
            Text(
                "Share of entrants whose time is over who reached the last step, part by part.",
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
            where grain = 'all'
            qualify step_number = max(step_number) over (partition by funnel_id) and place <= 400
            order by funnel_id, place
            """,
            rows(
                "part",
                "rate_from_start",
                _CONVERSION,
                [("part", Text("Part", "部分"), None), ("rate_from_start", _CONVERSION, ".1%"),
                 ("mature_reached_count", _REACHED, ",d"),
                 ("mature_entrant_count", _ENTRANTS, ",d")],
                order="place",
                number=".0%",
                room=130,
                text="isValid(datum.rate_from_start) ? format(datum.rate_from_start, '.1%')"
                     " + ' (' + format(datum.mature_reached_count, ',d') + '/'"
                     " + format(datum.mature_entrant_count, ',d') + ')' : '–'",
            ),
            height=330,
        ),
        Chart(
            "trend",
            Text("Conversion over time", "转化率趋势"),
            Text(
                "Share of the people who entered in a period that reached the last step. Dashed: "
                "some still have time.",
                "各时期进入的人到达最后一步的比例。虚线：有些人的时间窗口还没有结束。",
            ),
            ("marts.mart_funnel_trends",),
            f"""
            select
                funnel_id, grain, breakdown_value, period_start_date, mature_entrant_count,
                mature_converted_count, conversion_rate, is_mature
            from marts.mart_funnel_trends
            where {_SHOWN}
            order by period_start_date
            """,
            lines(
                "period_start_date",
                "conversion_rate",
                _CONVERSION,
                [("period_start_date", _PERIOD, None), ("conversion_rate", _CONVERSION, ".1%"),
                 ("mature_converted_count", Text("Converted", "转化人数"), ",d"),
                 ("mature_entrant_count", _RIPE_ENTRANTS, ",d")],
                number=".0%",
            ),
            day="period_start_date",
            empty=Text("By day there is the total alone: choose weeks or months.",
                       "按日只有总计：请选择周或月。"),
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
            order by period_start_date
            """,
            columns(
                "period_start_date",
                "entrant_count",
                _ENTRANTS,
                [("period_start_date", _PERIOD, None), ("entrant_count", _ENTRANTS, ",d"),
                 ("converted_count", Text("Converted so far", "目前转化"), ",d")],
            ),
            day="period_start_date",
            empty=Text("By day there is the total alone: choose weeks or months.",
                       "按日只有总计：请选择周或月。"),
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
            with bins as (
                select
                    *,
                    case
                        when max(bin_to_seconds) over (
                            partition by funnel_id, from_step, to_step
                        ) >= 172800 then 86400
                        when max(bin_to_seconds) over (
                            partition by funnel_id, from_step, to_step
                        ) >= 7200 then 3600
                        else 60
                    end as unit
                from marts.mart_funnel_time_to_convert
            ),

            named as (
                select
                    *,
                    format('{:.3g} ', bin_from_seconds / unit) as bin_start,
                    format('{:.3g}–{:.3g} ', bin_from_seconds / unit, bin_to_seconds / unit)
                        as bin
                from bins
            )

            select
                funnel_id, breakdown_value, from_step || '-' || to_step as steps, bin_number,
                bin_start || case unit when 86400 then 'd' when 3600 then 'h' else 'min' end
                    as start_en,
                bin_start || case unit when 86400 then '天' when 3600 then '小时' else '分钟' end
                    as start_zh,
                bin || case unit when 86400 then 'd' when 3600 then 'h' else 'min' end
                    as bin_en,
                bin || case unit when 86400 then '天' when 3600 then '小时' else '分钟' end
                    as bin_zh,
                mature_reached_count
            from named
            order by funnel_id, breakdown_value, steps, bin_number
            """,
            columns(
                "start",
                "mature_reached_count",
                Text("Users", "用户数"),
                [("bin", Text("Time", "用时"), None),
                 ("mature_reached_count", Text("Users", "用户数"), ",d")],
                x_label=Text("Time taken, from", "用时（起）"),
                x_order="bin_number",
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
