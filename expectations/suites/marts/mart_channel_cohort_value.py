"""Value of cohorts: channels are parts of all together."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, parts_within_wholes

SUITE = gx.ExpectationSuite(
    name="marts.mart_channel_cohort_value",
    meta={"keys": ["cohort_start_date", "channel_id", "day_number"]},
    expectations=[
        *not_negative("eligible_count", "payback_days"),
        *parts_within_wholes(("eligible_count", "cohort_size")),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    cohort_start_date, day_number, sum(signed_count) as cohort_size
from (
    select
        cohort_start_date, day_number,
        case when channel_id is null then -cohort_size else cohort_size end as signed_count
    from {batch}
) as cohorts
group by cohort_start_date, day_number
having sum(signed_count) <> 0""",
            severity="critical",
            notes="The channels of a month are not all of its users",
            meta={
                "rule": "channels_are_all_users",
                "zh": "某月各渠道的用户合计不等于全部用户",
                "keys": ["cohort_start_date", "day_number"],
            },
        ),
    ],
)
