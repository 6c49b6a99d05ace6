"""Paths from item to item: no more leave an item than were there."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, parts_within_wholes, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_path_edges",
    meta={"keys": ["path_id", "source_position", "source_item", "target_item"]},
    expectations=[
        *rates_between_0_and_1("rate_from_source"),
        *not_negative("occurrence_count", "user_count", "mature_occurrence_count", "mean_seconds"),
        *parts_within_wholes(
            ("user_count", "occurrence_count"),
            ("mature_occurrence_count", "occurrence_count"),
            ("mature_occurrence_count", "mature_source_count"),
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select path_id, sum(occurrence_count) as occurrence_count
from {batch}
group by path_id
having sum(occurrence_count) >= 1000
    and sum(case when source_item = 'Other' and target_item = 'Other' then occurrence_count end)
    > 0.9 * sum(occurrence_count)""",
            severity="warning",
            notes="Over nine in ten steps of a path of 1,000 or more go between items that are "
            "only `Other`: is item_property one with too many values?",
            meta={
                "rule": "most_items_have_a_name",
                "zh": "某条路径有 1,000 步以上，九成以上只在 `Other` 之间："
                "item_property 的取值是不是太多？",
                "keys": ["path_id"],
            },
        ),
    ],
)
