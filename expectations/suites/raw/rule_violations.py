"""Violations of the platform's rules, as the feed brings them."""

from expectations.suites.raw._feeds import feed_suite

SUITE = feed_suite(
    feed="rule_violations",
    columns=(
        "violation_id",
        "merchant_id",
        "user_id",
        "rule_id",
        "severity",
        "occurred_at",
        "resolved_at",
        "updated_at",
    ),
    required=("violation_id", "occurred_at"),
)
