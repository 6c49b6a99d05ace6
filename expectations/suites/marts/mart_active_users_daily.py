"""Active users by day: nested windows, no hole, up to the data's own horizon."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import (
    day_within_horizon,
    median_of_recent_builds,
    not_empty_while,
    not_negative,
    parts_within_wholes,
    rates_between_0_and_1,
    rows_of_recent_builds,
)

SUITE = gx.ExpectationSuite(
    name="marts.mart_active_users_daily",
    meta={"keys": ["activity_date"]},
    expectations=[
        not_empty_while("facts.fct_user_days"),
        *not_negative("dau", "wau", "mau"),
        *parts_within_wholes(("dau", "wau"), ("wau", "mau")),
        *rates_between_0_and_1("stickiness_rate"),
        day_within_horizon("activity_date"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select activity_date, previous_date
from (
    select activity_date, lag(activity_date) over (order by activity_date) as previous_date
    from {batch}
) as days
where activity_date > previous_date + interval 1 day""",
            severity="critical",
            notes="Days are missing just before this one",
            meta={"rule": "no_day_missing", "zh": "这一天之前缺了日期", "keys": ["activity_date"]},
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    max(activity_date) as activity_date,
    max(data_through_date) as data_through_date
from {batch}
cross join facts.dim_horizon
having max(activity_date) < max(data_through_date) - interval 1 day""",
            severity="critical",
            notes="The last day of the table lies before the last closed day of the data",
            meta={
                "rule": "reaches_the_horizon",
                "zh": "表的最后一天早于数据最后一个完整日",
                "keys": ["activity_date"],
            },
        ),
        # Arrival is judged, and stops the build, in raw.events. This one sees what is left
        # of it: events that came, and users that did not.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""with closed_days as (
    select activity_date, dau
    from {batch}
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
            severity="warning",
            notes="The last closed day has under a tenth of the users of the quietest day in "
            "the four weeks before it",
            meta={
                "rule": "users_did_not_vanish",
                "zh": "最后一个完整日的用户数不到此前四周里最少一天的十分之一",
                "keys": ["activity_date"],
            },
        ),
        # Days that are missing at the beginning are no hole.
        rows_of_recent_builds(),
        median_of_recent_builds("dau"),
    ],
)
