"""Retention: cohorts that are whole in period 0, and shares of those who had their time."""

from expectations.plausibility import (
    instant_within_horizon,
    not_negative,
    parts_within_wholes,
    rates_between_0_and_1,
)
from expectations.rules import RowRule, Suite

SUITE = Suite(
    schema="marts",
    table="mart_retention_cohorts",
    keys=("retention_id", "cohort_start_at", "breakdown_value", "period_number"),
    rules=(
        rates_between_0_and_1("retention_rate"),
        not_negative(
            "period_number",
            "cohort_size",
            "returned_count",
            "eligible_count",
            "mature_returned_count",
            "same_period_returned_count",
        ),
        parts_within_wholes(
            ("returned_count", "cohort_size"),
            ("eligible_count", "cohort_size"),
            ("mature_returned_count", "eligible_count"),
            ("mature_returned_count", "returned_count"),
            ("same_period_returned_count", "cohort_size"),
        ),
        RowRule(
            name="period_0_is_whole",
            sentence="A cohort is not whole in its own period 0",
            where="period_number = 0 and returned_count <> cohort_size",
            show=("returned_count", "cohort_size"),
        ),
        instant_within_horizon("cohort_start_at"),
    ),
)
