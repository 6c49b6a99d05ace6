"""Positions: no more is clicked than was shown, nor ripe than there is."""

import great_expectations as gx

from expectations.plausibility import not_negative, parts_within_wholes, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_content_positions",
    meta={"keys": ["grain", "period_start_date", "position"]},
    expectations=[
        *not_negative("mature_clicked_exposure_count"),
        *parts_within_wholes(
            ("clicked_exposure_count", "exposure_count"),
            ("mature_exposure_count", "exposure_count"),
            ("mature_clicked_exposure_count", "mature_exposure_count"),
            ("mature_clicked_exposure_count", "clicked_exposure_count"),
        ),
        *rates_between_0_and_1("click_rate", "click_rate_lower", "click_rate_upper"),
    ],
)
