"""Paths from item to item: no more leave an item than were there."""

from expectations.plausibility import not_negative, parts_within_wholes, rates_between_0_and_1
from expectations.rules import QueryRule, Severity, Suite

SUITE = Suite(
    schema="marts",
    table="mart_path_edges",
    keys=("path_id", "source_position", "source_item", "target_item"),
    rules=(
        rates_between_0_and_1("rate_from_source"),
        not_negative("occurrence_count", "user_count", "mature_occurrence_count", "mean_seconds"),
        parts_within_wholes(
            ("user_count", "occurrence_count"),
            ("mature_occurrence_count", "occurrence_count"),
            ("mature_occurrence_count", "mature_source_count"),
        ),
        QueryRule(
            name="most_items_have_a_name",
            sentence="Over nine in ten steps of a path of 1,000 or more go between items that are "
            "only `Other`: is item_property one with too many values?",
            query="""select path_id, sum(occurrence_count) as occurrence_count
from {table}
group by path_id
having sum(occurrence_count) >= 1000
    and sum(case when source_item = 'Other' and target_item = 'Other' then occurrence_count end)
    > 0.9 * sum(occurrence_count)""",
            keys=("path_id",),
            severity=Severity.WARNING,
        ),
    ),
)
