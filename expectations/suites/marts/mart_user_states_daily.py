"""States of users by day: the active ones are those of the day."""

from expectations.plausibility import day_within_horizon, not_empty_while, not_negative
from expectations.rules import QueryRule, Suite

SUITE = Suite(
    schema="marts",
    table="mart_user_states_daily",
    keys=("activity_date", "state_id"),
    rules=(
        not_empty_while("facts.fct_user_days"),
        not_negative("user_count"),
        day_within_horizon("activity_date"),
        QueryRule(
            name="active_states_sum_to_dau",
            sentence="Users in active states are not the active users of the day",
            query="""select states.activity_date, states.user_count, days.dau
from (
    select activity_date, sum(case when is_active then user_count else 0 end) as user_count
    from {table}
    group by activity_date
) as states
inner join marts.mart_active_users_daily as days on states.activity_date = days.activity_date
where states.user_count <> days.dau""",
            keys=("activity_date",),
        ),
    ),
)
