"""Campaigns, as the feed brings them."""

from expectations.suites.raw._feeds import feed_suite

SUITE = feed_suite(
    feed="campaigns",
    columns=(
        "campaign_id",
        "campaign_name",
        "campaign_type",
        "channel",
        "starts_at",
        "ends_at",
        "budget_amount",
        "currency",
        "updated_at",
    ),
    required=("campaign_id",),
)
