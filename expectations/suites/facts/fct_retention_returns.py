"""Returns of cohort members: do they lie after the cohort's start and within the data?"""

import great_expectations as gx

from expectations.plausibility import instant_within_horizon, not_negative

SUITE = gx.ExpectationSuite(
    name="facts.fct_retention_returns",
    meta={"keys": ["retention_id", "user_id", "cohort_start_at", "period_number"]},
    expectations=[
        *not_negative("period_number"),
        instant_within_horizon("cohort_start_at"),
    ],
)
