"""Adoption of features: parts are within their wholes, and days add up to all of it."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, parts_within_wholes, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_feature_adoption",
    meta={"keys": ["feature_id", "grain", "period_start_date"]},
    expectations=[
        *not_negative("median_seconds_to_adopt"),
        *parts_within_wholes(
            ("adopter_count", "eligible_count"),
            ("mature_eligible_count", "eligible_count"),
            ("mature_adopter_count", "mature_eligible_count"),
            ("mature_adopter_count", "adopter_count"),
        ),
        *rates_between_0_and_1("adoption_rate", "adoption_rate_lower", "adoption_rate_upper"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    feature_id, 'all' as grain, null as period_start_date,
    sum(case when grain = 'day' then eligible_count end) as daily_count,
    sum(case when grain = 'all' then eligible_count end) as all_count
from {batch}
group by feature_id
having daily_count <> all_count""",
            severity="critical",
            notes="Users become eligible on one day each, and these do not add up to all of them",
            meta={"rule": "days_add_up_to_all", "zh": "每天新增的可用用户之和不等于全部"},
        ),
    ],
)
