"""Times to convert: the bins follow one another and hold everybody."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative

SUITE = gx.ExpectationSuite(
    name="marts.mart_funnel_time_to_convert",
    meta={"keys": ["funnel_id", "breakdown_value", "from_step", "to_step", "bin_number"]},
    expectations=[
        *not_negative("bin_from_seconds", "mature_reached_count"),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="bin_to_seconds",
            column_B="bin_from_seconds",
            ignore_row_if="either_value_is_missing",
            severity="critical",
            notes="A bin ends where it begins or before",
            meta={"rule": "bins_have_a_width", "zh": "有区间的终点不大于起点"},
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    times.funnel_id, times.breakdown_value, times.from_step, times.to_step,
    times.mature_reached_count, sum(bins.mature_reached_count) as in_bins
from marts.mart_funnel_times as times
left join {batch} as bins
    on times.funnel_id = bins.funnel_id
    and times.breakdown_value is not distinct from bins.breakdown_value
    and times.from_step = bins.from_step
    and times.to_step = bins.to_step
group by all
having coalesce(sum(bins.mature_reached_count), 0) <> times.mature_reached_count""",
            severity="critical",
            notes="The bins together do not hold all who got from one step to the other",
            meta={
                "rule": "bins_hold_everybody",
                "zh": "各区间合计不等于从一步走到另一步的所有人",
                "keys": ["funnel_id", "breakdown_value", "from_step", "to_step"],
            },
        ),
    ],
)
