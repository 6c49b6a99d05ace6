"""Feedback: parts are within their wholes, and what it is parted by adds up to all of it."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, parts_within_wholes, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_feedback",
    meta={"keys": ["grain", "period_start_date", "dimension", "dimension_value"]},
    expectations=[
        *not_negative(
            "promoter_count", "passive_count", "detractor_count", "median_seconds_to_answer"
        ),
        *parts_within_wholes(
            ("user_count", "feedback_count"),
            ("score_count", "feedback_count"),
            ("answered_count", "feedback_count"),
            ("closed_count", "feedback_count"),
            ("released_count", "feedback_count"),
        ),
        *rates_between_0_and_1("closed_loop_rate"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    grain, period_start_date, dimension, null as dimension_value,
    sum(feedback_count) as feedback_count, max(all_count) as all_count
from (
    select
        grain, period_start_date, dimension, feedback_count,
        max(case when dimension = 'all' then feedback_count end) over (
            partition by grain, period_start_date
        ) as all_count
    from {batch}
    where dimension <> 'tag'
) as parts
group by grain, period_start_date, dimension
having sum(feedback_count) <> max(all_count)""",
            severity="critical",
            notes="What feedback is about does not add up to all of it",
            meta={"rule": "dimensions_add_up_to_all", "zh": "按维度的合计不等于全部反馈"},
        ),
    ],
)
