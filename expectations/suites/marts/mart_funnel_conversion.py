"""Funnel conversion: shares of entrants that never widen, and times that fit together."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import (
    day_within_horizon,
    in_order,
    mature_within_all,
    not_negative,
    parts_within_wholes,
    rates_between_0_and_1,
)

SUITE = gx.ExpectationSuite(
    name="marts.mart_funnel_conversion",
    meta={"keys": ["funnel_id", "grain", "period_start_date", "breakdown_value", "step_number"]},
    expectations=[
        *rates_between_0_and_1("rate_from_start", "rate_from_previous"),
        *not_negative(
            "entrant_count",
            "reached_count",
            "mature_entrant_count",
            "mature_reached_count",
            "mean_seconds_from_previous",
            "median_seconds_from_previous",
        ),
        *parts_within_wholes(
            ("reached_count", "entrant_count"),
            ("mature_reached_count", "mature_entrant_count"),
        ),
        mature_within_all("entrant_count", "reached_count"),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="mature_previous_count",
            column_B="mature_reached_count",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            severity="critical",
            notes="More entrants reached a step than the required step before it",
            meta={"rule": "never_widens", "zh": "到达某一步的人比到达前一个必经步骤的人还多"},
        ),
        *in_order("median_seconds_from_previous", "p90_seconds_from_previous"),
        day_within_horizon("period_start_date"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select funnel_id, step_number, mature_entrant_count
from {batch}
where grain = 'all'
    and breakdown_value is null
    and mature_entrant_count >= 1000
    and reached_count = 0""",
            severity="warning",
            notes="Of 1,000 entrants or more nobody reached this step: is the event's name "
            "spelled as the product sends it?",
            meta={
                "rule": "somebody_completes",
                "zh": "1,000 人以上进入漏斗，却没有人到达这一步：事件名与产品发送的写法一致吗？",
                "keys": ["funnel_id", "step_number"],
            },
        ),
    ],
)
