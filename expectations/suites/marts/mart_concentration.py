"""Concentration: shares lie in 0 to 1, and those of more units are no smaller."""

import great_expectations as gx

from expectations.plausibility import (
    in_order,
    not_negative,
    parts_within_wholes,
    rates_between_0_and_1,
)

SUITE = gx.ExpectationSuite(
    name="marts.mart_concentration",
    meta={"keys": ["measure_id", "grain", "period_start_date"]},
    expectations=[
        *not_negative("unit_count", "total_value"),
        *rates_between_0_and_1("hhi", "gini", "top_1_share", "top_10_share", "top_decile_share"),
        *in_order("top_1_share", "top_10_share"),
        *parts_within_wholes(("effective_count", "unit_count")),
    ],
)
