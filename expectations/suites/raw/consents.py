"""Consents that were given and withdrawn, as the feed brings them."""

from expectations.suites.raw._feeds import feed_suite

SUITE = feed_suite(
    feed="consents",
    columns=("user_id", "anonymous_id", "purpose", "is_granted", "recorded_at"),
    required=("purpose", "is_granted"),
)
