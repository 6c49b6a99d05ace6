"""Clicks: an element is clicked by no more users and sessions than there are clicks."""

import great_expectations as gx

from expectations.plausibility import not_negative, parts_within_wholes, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_page_elements",
    meta={"keys": ["grain", "period_start_date", "page", "element"]},
    expectations=[
        *not_negative("clicked_session_count"),
        *parts_within_wholes(
            ("user_count", "click_count"),
            ("clicked_session_count", "click_count"),
            ("clicked_session_count", "page_session_count"),
        ),
        *rates_between_0_and_1("click_rate", "click_rate_lower", "click_rate_upper"),
    ],
)
