"""Retention: cohorts that are whole in period 0, and shares of those who had their time."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import (
    instant_within_horizon,
    not_negative,
    parts_within_wholes,
    rates_between_0_and_1,
)

SUITE = gx.ExpectationSuite(
    name="marts.mart_retention_cohorts",
    meta={"keys": ["retention_id", "cohort_start_at", "breakdown_value", "period_number"]},
    expectations=[
        *rates_between_0_and_1("retention_rate"),
        *not_negative(
            "period_number",
            "cohort_size",
            "returned_count",
            "eligible_count",
            "mature_returned_count",
            "same_period_returned_count",
        ),
        *parts_within_wholes(
            ("returned_count", "cohort_size"),
            ("eligible_count", "cohort_size"),
            ("mature_returned_count", "eligible_count"),
            ("mature_returned_count", "returned_count"),
            ("same_period_returned_count", "cohort_size"),
        ),
        # SQL: Great Expectations' own, of equal columns under a condition, is bundled with no
        # other, and takes three queries.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    retention_id, cohort_start_at, breakdown_value, period_number, returned_count, cohort_size
from {batch}
where period_number = 0 and returned_count <> cohort_size""",
            severity="critical",
            notes="A cohort is not whole in its own period 0",
            meta={"rule": "period_0_is_whole", "zh": "同期群在自己的第 0 期不完整"},
        ),
        instant_within_horizon("cohort_start_at"),
    ],
)
