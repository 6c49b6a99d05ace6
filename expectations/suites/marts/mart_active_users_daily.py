"""Active users by day: nested windows, no hole, up to the data's own horizon."""

from expectations.plausibility import (
    day_within_horizon,
    not_empty_while,
    not_negative,
    parts_within_wholes,
    rates_between_0_and_1,
)
from expectations.rules import QueryRule, Severity, Suite

SUITE = Suite(
    schema="marts",
    table="mart_active_users_daily",
    keys=("activity_date",),
    rules=(
        not_empty_while("facts.fct_user_days"),
        not_negative("dau", "wau", "mau"),
        parts_within_wholes(("dau", "wau"), ("wau", "mau")),
        rates_between_0_and_1("stickiness_rate"),
        day_within_horizon("activity_date"),
        QueryRule(
            name="no_day_missing",
            sentence="Days are missing just before this one",
            query="""select activity_date, previous_date
from (
    select activity_date, lag(activity_date) over (order by activity_date) as previous_date
    from {table}
) as days
where activity_date > previous_date + interval 1 day""",
            keys=("activity_date",),
        ),
        QueryRule(
            name="reaches_the_horizon",
            sentence="The last day of the table lies before the last closed day of the data",
            query="""select
    max(activity_date) as activity_date,
    max(data_through_date) as data_through_date
from {table}
cross join facts.dim_horizon
having max(activity_date) < max(data_through_date) - interval 1 day""",
            keys=("activity_date",),
        ),
        QueryRule(
            # Arrival is judged, and stops the build, in raw.events. This one sees what is left
            # of it: events that came, and users that did not.
            name="users_did_not_vanish",
            sentence="The last closed day has under a tenth of the users of the quietest day "
            "in the four weeks before it",
            query="""with closed_days as (
    select activity_date, dau
    from {table}
    where is_mature
),

compared as (
    select
        activity_date,
        dau,
        min(dau) over (order by activity_date rows between 28 preceding and 1 preceding)
            as quietest_dau,
        count(*) over (order by activity_date rows between 28 preceding and 1 preceding)
            as day_count
    from closed_days
)

select activity_date, dau, quietest_dau
from compared
where activity_date = (select max(activity_date) from closed_days)
    and day_count = 28 and quietest_dau >= 50 and dau < 0.1 * quietest_dau""",
            keys=("activity_date",),
            severity=Severity.WARNING,
        ),
    ),
)
