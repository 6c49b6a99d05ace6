"""Value of customers: histories that can be, probabilities, and nothing below 0."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import (
    mean_of_recent_builds,
    not_negative,
    parts_within_wholes,
    rates_between_0_and_1,
)

SUITE = gx.ExpectationSuite(
    name="marts.mart_user_values",
    meta={"keys": ["model_id", "user_id"]},
    expectations=[
        *not_negative(
            "frequency", "recency_units", "expected_purchase_count", "expected_purchase_amount"
        ),
        *parts_within_wholes(("recency_units", "age_units")),
        *rates_between_0_and_1("p_alive"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select model_id, user_id, frequency, p_alive
from {batch}
where frequency = 0 and p_alive <> 1""",
            severity="critical",
            notes="Who bought once is said to have left, of which nothing is known",
            meta={
                "rule": "who_bought_once_is_there",
                "zh": "只买过一次的客户被认为可能已离开，而这无从得知",
            },
        ),
        mean_of_recent_builds("expected_value_amount"),
    ],
)
