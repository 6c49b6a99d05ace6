"""Cost of acquisition channels, as the feed brings them."""

from expectations.suites.raw._feeds import feed_suite

SUITE = feed_suite(
    feed="channel_costs",
    columns=(
        "cost_date",
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "channel_id",
        "cost_amount",
        "currency",
        "impressions",
        "clicks",
    ),
    required=("cost_date", "cost_amount"),
)
