"""Co-brands: parts of wholes, and an audience that is known by the same ids."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import parts_within_wholes, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_campaign_cobrands",
    meta={"keys": ["campaign_id"]},
    expectations=[
        *rates_between_0_and_1("new_to_brand_rate", "overlap_rate"),
        *parts_within_wholes(
            ("new_to_brand_count", "buyer_count"), ("overlap_count", "audience_count")
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select campaign_id, audience_count, overlap_count
from {batch}
where audience_count >= 1000 and overlap_count = 0""",
            severity="warning",
            notes="Of 1,000 or more of the partner's audience nobody bought before: are they "
            "given by the user ids of the product?",
            meta={
                "rule": "audiences_overlap",
                "zh": "合作方受众有 1,000 人以上，却没有人买过：给的是产品自己的用户 ID 吗？",
                "keys": ["campaign_id"],
            },
        ),
    ],
)
