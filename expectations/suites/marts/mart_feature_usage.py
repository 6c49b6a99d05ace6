"""Use of features: parts are within their wholes, and who used one before were its users then."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, parts_within_wholes, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_feature_usage",
    meta={"keys": ["feature_id", "grain", "period_start_date"]},
    expectations=[
        *not_negative("retained_user_count"),
        *parts_within_wholes(
            ("user_count", "active_user_count"),
            ("user_count", "use_count"),
            ("new_adopter_count", "user_count"),
            ("retained_user_count", "user_count"),
            ("retained_user_count", "previous_user_count"),
        ),
        *rates_between_0_and_1(
            "usage_rate", "usage_rate_lower", "usage_rate_upper",
            "retention_rate", "retention_rate_lower", "retention_rate_upper",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    feature_id, grain, period_start_date, previous_user_count, user_count_before
from (
    select
        *,
        lag(user_count) over (
            partition by feature_id, grain order by period_start_date
        ) as user_count_before
    from {batch}
    where grain <> 'all'
) as in_order
where previous_user_count <> user_count_before""",
            severity="critical",
            notes="Who used a feature in the period before are not its users of that period",
            meta={"rule": "users_before_are_those_of_the_row_before",
                  "zh": "上一期的使用人数与上一行不符"},
        ),
    ],
)  # fmt: skip
