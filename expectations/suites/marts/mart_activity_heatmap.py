"""The heat map: as many hours as a week or month has, and somebody in one of them."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import day_within_horizon, not_negative, parts_within_wholes

SUITE = gx.ExpectationSuite(
    name="marts.mart_activity_heatmap",
    meta={"keys": ["activity_id", "grain", "period_start_date", "weekday_number", "hour_of_day"]},
    expectations=[
        *not_negative("event_count", "user_count", "user_hour_count", "hour_count"),
        *parts_within_wholes(("user_count", "user_hour_count"), ("user_hour_count", "event_count")),
        day_within_horizon("period_start_date"),
        # Five of a weekday in a month; one more where clocks repeat an hour.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    activity_id, grain, period_start_date, weekday_number, hour_of_day, hour_count
from {batch}
where hour_count > case grain when 'week' then 2 else 6 end""",
            severity="critical",
            notes="A weekday has this hour more often than a week or month can have it",
            meta={
                "rule": "as_many_hours_as_there_are",
                "zh": "某个星期几的这个小时出现的次数，比一周或一个月里可能有的还多",
            },
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    activity_id, grain, period_start_date, weekday_number, hour_of_day, hour_count, event_count
from {batch}
where hour_count = 0 and event_count > 0 and is_mature""",
            severity="critical",
            notes="Somebody was active in an hour that the clock never showed",
            meta={
                "rule": "nobody_in_an_hour_that_was_not",
                "zh": "有人在时钟从未显示过的小时里活跃",
            },
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""with hours as (
    select activity_id, hour_of_day, sum(event_count) as event_count
    from {batch}
    where grain = 'month'
    group by activity_id, hour_of_day
)

select activity_id, hour_of_day, event_count
from (
    select *, sum(event_count) over (partition by activity_id) as all_count from hours
) as shares
where event_count >= 10000 and event_count > 0.9 * all_count""",
            severity="warning",
            notes="Over nine in ten of 10,000 events or more fall into one hour of the day: are "
            "times of day unknown, or is the time zone wrong?",
            meta={
                "rule": "no_hour_holds_nearly_all",
                "zh": "10,000 个以上的事件里，"
                "九成以上落在一天的同一个小时：是没有时刻，还是时区不对？",
                "keys": ["activity_id", "hour_of_day"],
            },
        ),
    ],
)
