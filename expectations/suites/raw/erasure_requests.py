"""Requests to be forgotten, as the feed brings them."""

from expectations.suites.raw._feeds import feed_suite

SUITE = feed_suite(
    feed="erasure_requests",
    columns=("request_id", "user_id", "anonymous_id", "requested_at"),
    required=("requested_at",),
)
