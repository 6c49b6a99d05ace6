"""Returns of cohort members: do they lie after the cohort's start and within the data?"""

from expectations.plausibility import instant_within_horizon, not_negative
from expectations.rules import Suite

SUITE = Suite(
    schema="facts",
    table="fct_retention_returns",
    keys=("retention_id", "user_id", "cohort_start_at", "period_number"),
    rules=(
        not_negative("period_number"),
        instant_within_horizon("cohort_start_at"),
    ),
)
