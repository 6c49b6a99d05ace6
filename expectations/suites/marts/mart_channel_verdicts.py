"""Verdicts on channels: what the models give at least is no more than what they give at most."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative

SUITE = gx.ExpectationSuite(
    name="marts.mart_channel_verdicts",
    meta={"keys": ["conversion_id", "span", "period_start_date", "channel_id"]},
    expectations=[
        *not_negative("credited_count_low"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    conversion_id, span, period_start_date, channel_id, credited_count_low, credited_count_high,
    credited_amount_low, credited_amount_high, roas_low, roas_high
from {batch}
where credited_count_low > credited_count_high
    or credited_amount_low > credited_amount_high
    or roas_low > roas_high""",
            severity="critical",
            notes="A model gives less than the least, or more than the most",
            meta={
                "rule": "least_up_to_most",
                "zh": "最少的大于最多的",
                "keys": ["conversion_id", "span", "period_start_date", "channel_id"],
            },
        ),
    ],
)
