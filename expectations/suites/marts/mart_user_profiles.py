"""Profiles: every user has one, and who is churned is lost for sure."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import (
    day_within_horizon,
    not_empty_while,
    not_negative,
    rates_between_0_and_1,
)

SUITE = gx.ExpectationSuite(
    name="marts.mart_user_profiles",
    meta={"keys": ["user_id"]},
    expectations=[
        not_empty_while("facts.fct_user_days"),
        *not_negative("active_day_count", "silent_days", "order_count", "feature_count"),
        *rates_between_0_and_1("churn_risk_rate"),
        day_within_horizon("last_active_date"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select user_id, stage_id, churn_risk_rate
from {batch}
where stage_id = 'churn' and churn_risk_rate <> 1""",
            severity="critical",
            notes="Who is churned is said to be perhaps not lost",
            meta={"rule": "churned_are_lost", "zh": "已流失用户的流失可能不是 1"},
        ),
        # Where one tag is on nearly everybody, its conditions say nothing.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select tags, user_count, all_user_count
from (
    select
        tags,
        count(*) as user_count,
        sum(count(*)) over () as all_user_count
    from {batch}
    group by tags
) as tagged
where tags is not null and all_user_count >= 200 and user_count > 0.95 * all_user_count""",
            severity="warning",
            notes="Over 95 % of users have the same tags",
            meta={
                "rule": "tags_tell_users_apart",
                "zh": "95 % 以上的用户标签相同",
                "keys": ["tags"],
            },
        ),
    ],
)
