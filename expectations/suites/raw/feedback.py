"""Feedback of users, as the feed brings them."""

from expectations.suites.raw._feeds import feed_suite

SUITE = feed_suite(
    feed="feedback",
    columns=(
        "feedback_id",
        "user_id",
        "content_id",
        "merchant_id",
        "score",
        "comment",
        "submitted_at",
    ),
    required=("feedback_id", "submitted_at"),
)
