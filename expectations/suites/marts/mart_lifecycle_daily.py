"""Users by lifecycle stage and day: nobody is lost, and somebody gets past introduction."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import (
    day_within_horizon,
    not_empty_while,
    not_negative,
    parts_within_wholes,
)

SUITE = gx.ExpectationSuite(
    name="marts.mart_lifecycle_daily",
    meta={"keys": ["activity_date", "stage_id"]},
    expectations=[
        not_empty_while("facts.fct_user_days"),
        *not_negative("user_count", "entered_count", "left_count"),
        *parts_within_wholes(("entered_count", "user_count")),
        day_within_horizon("activity_date"),
        # Once active, a user is in some stage for good; an erasure restates every day.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""with days as (
    select activity_date, sum(user_count) as user_count
    from {batch}
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
            severity="critical",
            notes="The stages hold fewer users together than on the day before",
            meta={
                "rule": "nobody_is_lost",
                "zh": "各阶段的用户总数比前一天少",
                "keys": ["activity_date"],
            },
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    max(activity_date) as activity_date, max(user_count) as user_count
from {batch}
having count(distinct activity_date) >= 60
    and max(user_count) >= 1000
    and coalesce(sum(user_count) filter (where stage_id in ('growth', 'maturity')), 0) = 0""",
            severity="warning",
            notes="After 60 days nobody has ever been in growth or maturity: does an event that "
            "the tracking plan marks is_key_action occur?",
            meta={
                "rule": "somebody_gets_past_introduction",
                "zh": "60 天过去，还没有人进入过成长期或成熟期："
                "埋点方案中标为 is_key_action 的事件发生过吗？",
                "keys": ["activity_date"],
            },
        ),
    ],
)
