"""Launches of features: the same people stand behind each measure, a difference in its interval."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative

SUITE = gx.ExpectationSuite(
    name="marts.mart_feature_launches",
    meta={"keys": ["feature_id", "measure_id"]},
    expectations=[
        *not_negative("adopter_count", "other_count"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    feature_id, measure_id, change_difference, change_difference_lower, change_difference_upper
from {batch}
where change_difference_lower > change_difference + 0.000001 * (1 + abs(change_difference))
    or change_difference_upper < change_difference - 0.000001 * (1 + abs(change_difference))""",
            severity="critical",
            notes="A difference lies outside of its own interval",
            meta={"rule": "differences_are_within_their_interval", "zh": "差不在自己的区间内"},
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    feature_id, null as measure_id, min(adopter_count) as fewest, max(adopter_count) as most
from {batch}
group by feature_id
having min(adopter_count) <> max(adopter_count) or min(other_count) <> max(other_count)""",
            severity="critical",
            notes="The measures of a launch are not of the same people",
            meta={"rule": "measures_are_of_the_same_people", "zh": "各指标的人数不一致"},
        ),
    ],
)
