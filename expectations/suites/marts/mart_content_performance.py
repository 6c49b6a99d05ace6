"""What pieces earn: parts within their wholes, and a longer window with all of a shorter one."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, parts_within_wholes, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_content_performance",
    meta={"keys": ["content_id", "window_days"]},
    expectations=[
        *not_negative("click_count", "dwell_seconds", "half_life_seconds", "share_open_count"),
        *parts_within_wholes(
            ("clicked_exposure_count", "exposure_count"),
            ("reader_count", "read_count"),
            ("finished_read_count", "read_count"),
            ("dwell_read_count", "read_count"),
            ("interacting_reader_count", "reader_count"),
            ("shared_in_reader_count", "reader_count"),
            ("share_count", "interaction_count"),
        ),
        *rates_between_0_and_1(
            "click_rate", "click_rate_lower", "click_rate_upper",
            "finish_rate", "finish_rate_lower", "finish_rate_upper",
            "interaction_rate", "interaction_rate_lower", "interaction_rate_upper",
            "k_factor",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select shorter.content_id, shorter.window_days
from {batch} as shorter
inner join {batch} as longer
    on shorter.content_id = longer.content_id
    and shorter.window_days < coalesce(longer.window_days, 1000000)
where
    shorter.exposure_count > longer.exposure_count
    or shorter.read_count > longer.read_count
    or shorter.reader_count > longer.reader_count
    or shorter.interaction_count > longer.interaction_count""",
            severity="critical",
            notes="A shorter window holds more than a longer one",
            meta={"rule": "longer_windows_hold_more", "zh": "短的窗口比长的窗口数得还多"},
        ),
    ],
)  # fmt: skip
