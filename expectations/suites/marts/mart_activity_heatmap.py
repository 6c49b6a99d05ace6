"""The heat map: as many hours as a week or month has, and somebody in one of them."""

from expectations.plausibility import day_within_horizon, not_negative, parts_within_wholes
from expectations.rules import QueryRule, RowRule, Severity, Suite

SUITE = Suite(
    schema="marts",
    table="mart_activity_heatmap",
    keys=("activity_id", "grain", "period_start_date", "weekday_number", "hour_of_day"),
    rules=(
        not_negative("event_count", "user_count", "user_hour_count", "hour_count"),
        parts_within_wholes(("user_count", "user_hour_count"), ("user_hour_count", "event_count")),
        day_within_horizon("period_start_date"),
        RowRule(
            # Five of a weekday in a month; one more where clocks repeat an hour.
            name="as_many_hours_as_there_are",
            sentence="A weekday has this hour more often than a week or month can have it",
            where="hour_count > case grain when 'week' then 2 else 6 end",
            show=("hour_count",),
        ),
        RowRule(
            name="nobody_in_an_hour_that_was_not",
            sentence="Somebody was active in an hour that the clock never showed",
            where="hour_count = 0 and event_count > 0 and is_mature",
            show=("hour_count", "event_count"),
        ),
        QueryRule(
            name="no_hour_holds_nearly_all",
            sentence="Over nine in ten of 10,000 events or more fall into one hour of the day: "
            "are times of day unknown, or is the time zone wrong?",
            query="""with hours as (
    select activity_id, hour_of_day, sum(event_count) as event_count
    from {table}
    where grain = 'month'
    group by activity_id, hour_of_day
)

select activity_id, hour_of_day, event_count
from (
    select *, sum(event_count) over (partition by activity_id) as all_count from hours
) as shares
where event_count >= 10000 and event_count > 0.9 * all_count""",
            keys=("activity_id", "hour_of_day"),
            severity=Severity.WARNING,
        ),
    ),
)
