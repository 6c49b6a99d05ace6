"""Users by lifecycle stage and day: nobody is lost, and somebody gets past introduction."""

from expectations.plausibility import (
    day_within_horizon,
    not_empty_while,
    not_negative,
    parts_within_wholes,
)
from expectations.rules import QueryRule, Severity, Suite

SUITE = Suite(
    schema="marts",
    table="mart_lifecycle_daily",
    keys=("activity_date", "stage_id"),
    rules=(
        not_empty_while("facts.fct_user_days"),
        not_negative("user_count", "entered_count", "left_count"),
        parts_within_wholes(("entered_count", "user_count")),
        day_within_horizon("activity_date"),
        QueryRule(
            # Once active, a user is in some stage for good; an erasure restates every day.
            name="nobody_is_lost",
            sentence="The stages hold fewer users together than on the day before",
            query="""with days as (
    select activity_date, sum(user_count) as user_count
    from {table}
    group by activity_date
)

select activity_date, user_count, previous_user_count
from (
    select
        activity_date,
        user_count,
        lag(user_count) over (order by activity_date) as previous_user_count
    from days
) as compared
where user_count < previous_user_count""",
            keys=("activity_date",),
        ),
        QueryRule(
            name="somebody_gets_past_introduction",
            sentence="After 60 days nobody has ever been in growth or maturity: does an event "
            "that the tracking plan marks is_key_action occur?",
            query="""select max(activity_date) as activity_date, max(user_count) as user_count
from {table}
having count(distinct activity_date) >= 60
    and max(user_count) >= 1000
    and coalesce(sum(user_count) filter (where stage_id in ('growth', 'maturity')), 0) = 0""",
            keys=("activity_date",),
            severity=Severity.WARNING,
        ),
    ),
)
