"""Sequences of items: together they are all occurrences of a path."""

from expectations.plausibility import not_negative, parts_within_wholes, rates_between_0_and_1
from expectations.rules import QueryRule, Suite

SUITE = Suite(
    schema="marts",
    table="mart_path_sequences",
    keys=("path_id", "sequence_key"),
    rules=(
        rates_between_0_and_1("occurrence_rate"),
        not_negative("occurrence_count", "user_count", "mature_occurrence_count"),
        parts_within_wholes(
            ("user_count", "occurrence_count"),
            ("mature_occurrence_count", "occurrence_count"),
            ("mature_occurrence_count", "mature_path_occurrence_count"),
        ),
        QueryRule(
            name="sequences_sum_to_occurrences",
            sentence="The mature sequences of a path are not all of its mature occurrences",
            query="""select path_id, sum(mature_occurrence_count) as mature_occurrence_count,
    max(mature_path_occurrence_count) as mature_path_occurrence_count
from {table}
group by path_id
having sum(mature_occurrence_count) <> max(mature_path_occurrence_count)""",
            keys=("path_id",),
        ),
    ),
)
