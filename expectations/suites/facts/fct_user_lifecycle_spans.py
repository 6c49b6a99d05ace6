"""Time that users spend in a lifecycle stage: do the spans lie in time as spans do?"""

from expectations.plausibility import day_within_horizon, not_empty_while
from expectations.rules import RowRule, Suite

SUITE = Suite(
    schema="facts",
    table="fct_user_lifecycle_spans",
    keys=("user_id", "valid_from_date"),
    rules=(
        not_empty_while("facts.fct_user_days"),
        day_within_horizon("valid_from_date"),
        RowRule(
            name="lasts_a_day_or_more",
            sentence="A span ends on or before the day on which it starts",
            where="valid_to_date <= valid_from_date",
            show=("stage_id", "valid_to_date"),
        ),
        RowRule(
            name="changes_stage",
            sentence="A span follows one of the same stage: they are one span",
            where="previous_stage_id = stage_id",
            show=("stage_id", "previous_stage_id"),
        ),
    ),
)
