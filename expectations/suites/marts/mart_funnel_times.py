"""Times between steps: the fastest, the median and the slowest are in order."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import in_order, not_negative

SUITE = gx.ExpectationSuite(
    name="marts.mart_funnel_times",
    meta={"keys": ["funnel_id", "breakdown_value", "from_step", "to_step"]},
    expectations=[
        *not_negative("least_seconds", "mean_seconds", "mature_reached_count"),
        *in_order("least_seconds", "median_seconds", "p90_seconds", "most_seconds"),
        *in_order("mean_seconds", "most_seconds"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select funnel_id, from_step, to_step, mature_reached_count
from {batch}
where breakdown_value is null and mature_reached_count >= 1000 and median_seconds < 1""",
            severity="warning",
            notes="Of 1,000 who got from one step to the other or more, half took no second: "
            "does one action send both events?",
            meta={
                "rule": "not_all_in_one_second",
                "zh": "1,000 人以上从一步走到另一步，"
                "半数人用时不到一秒：是不是一个动作发送了两个事件？",
                "keys": ["funnel_id", "from_step", "to_step"],
            },
        ),
    ],
)
