"""Who was assigned to which campaign, as the feed brings them."""

from expectations.suites.raw._feeds import feed_suite

SUITE = feed_suite(
    feed="campaign_assignments",
    columns=("campaign_id", "user_id", "assigned_at", "variant"),
    required=("campaign_id", "user_id"),
)
