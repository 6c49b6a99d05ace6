"""People as the source knows them, as the feed brings them."""

from expectations.suites.raw._feeds import feed_suite

SUITE = feed_suite(
    feed="users",
    columns=("user_id", "created_at", "updated_at"),
    required=("user_id",),
)
