"""Review of campaigns: who was reached is some of who was aimed at."""

import great_expectations as gx

from expectations.plausibility import not_negative, parts_within_wholes

SUITE = gx.ExpectationSuite(
    name="marts.mart_campaign_review",
    meta={"keys": ["campaign_id"]},
    expectations=[
        *not_negative("assigned_count", "exposed_count"),
        *parts_within_wholes(("exposed_count", "assigned_count")),
    ],
)
