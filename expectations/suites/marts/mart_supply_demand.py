"""Supply and demand: who looks for something does so at least once."""

import great_expectations as gx

from expectations.plausibility import not_negative, parts_within_wholes

SUITE = gx.ExpectationSuite(
    name="marts.mart_supply_demand",
    meta={"keys": ["grain", "period_start_date", "category"]},
    expectations=[
        *not_negative(
            "listing_merchant_count",
            "selling_merchant_count",
            "demand_user_count",
            "gross_amount",
            "orders_per_demand",
        ),
        *parts_within_wholes(("demand_user_count", "demand_count")),
    ],
)
