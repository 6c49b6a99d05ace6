"""States of users by day: the active ones are those of the day."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import day_within_horizon, not_empty_while, not_negative

SUITE = gx.ExpectationSuite(
    name="marts.mart_user_states_daily",
    meta={"keys": ["activity_date", "state_id"]},
    expectations=[
        not_empty_while("facts.fct_user_days"),
        *not_negative("user_count"),
        day_within_horizon("activity_date"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select states.activity_date, states.user_count, days.dau
from (
    select activity_date, sum(case when is_active then user_count else 0 end) as user_count
    from {batch}
    group by activity_date
) as states
inner join marts.mart_active_users_daily as days on states.activity_date = days.activity_date
where states.user_count <> days.dau""",
            severity="critical",
            notes="Users in active states are not the active users of the day",
            meta={
                "rule": "active_states_sum_to_dau",
                "zh": "处于活跃状态的用户不等于当天的活跃用户",
                "keys": ["activity_date"],
            },
        ),
    ],
)
