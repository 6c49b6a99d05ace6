"""Values of KPIs: an attainment is the value over its target, a change the value less the last."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import in_order

_KEYS = ["kpi_id", "grain", "period_start_date"]

SUITE = gx.ExpectationSuite(
    name="marts.mart_kpi_values",
    meta={"keys": _KEYS},
    expectations=[
        *in_order("usual_low", "usual_high"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select *
from {batch}
where abs(attainment_rate * target_value - value) > 1e-9 * (1 + abs(value))
    or abs(previous_value + change - value) > 1e-9 * (1 + abs(value) + abs(previous_value))
    or (is_on_target is null) <> (target_value is null or value is null)""",
            severity="critical",
            notes="An attainment, a change or a verdict is not that of the value",
            meta={
                "rule": "figures_are_of_the_value",
                "zh": "达成率、变化或是否达标与该值不符",
                "keys": _KEYS,
            },
        ),
    ],
)
