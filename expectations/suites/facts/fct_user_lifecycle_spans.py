"""Time that users spend in a lifecycle stage: do the spans lie in time as spans do?"""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import day_within_horizon, not_empty_while

SUITE = gx.ExpectationSuite(
    name="facts.fct_user_lifecycle_spans",
    meta={"keys": ["user_id", "valid_from_date"]},
    expectations=[
        not_empty_while("facts.fct_user_days"),
        day_within_horizon("valid_from_date"),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="valid_to_date",
            column_B="valid_from_date",
            ignore_row_if="either_value_is_missing",
            severity="critical",
            notes="A span ends on or before the day on which it starts",
            meta={"rule": "lasts_a_day_or_more", "zh": "有一段的结束不晚于开始的那一天"},
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select user_id, valid_from_date, stage_id, previous_stage_id
from {batch}
where previous_stage_id = stage_id""",
            severity="critical",
            notes="A span follows one of the same stage: they are one span",
            meta={"rule": "changes_stage", "zh": "前后两段是同一个阶段，应当是一段"},
        ),
    ],
)
