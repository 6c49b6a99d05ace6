"""Sequences of items: together they are all occurrences of a path."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, parts_within_wholes, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_path_sequences",
    meta={"keys": ["path_id", "sequence_key"]},
    expectations=[
        *rates_between_0_and_1("occurrence_rate"),
        *not_negative("occurrence_count", "user_count", "mature_occurrence_count"),
        *parts_within_wholes(
            ("user_count", "occurrence_count"),
            ("mature_occurrence_count", "occurrence_count"),
            ("mature_occurrence_count", "mature_path_occurrence_count"),
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    path_id, sum(mature_occurrence_count) as mature_occurrence_count,
    max(mature_path_occurrence_count) as mature_path_occurrence_count
from {batch}
group by path_id
having sum(mature_occurrence_count) <> max(mature_path_occurrence_count)""",
            severity="critical",
            notes="The mature sequences of a path are not all of its mature occurrences",
            meta={
                "rule": "sequences_sum_to_occurrences",
                "zh": "路径的成熟序列合计不等于成熟的出现次数",
                "keys": ["path_id"],
            },
        ),
    ],
)
