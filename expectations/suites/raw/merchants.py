"""Merchants, as the feed brings them."""

from expectations.suites.raw._feeds import feed_suite

SUITE = feed_suite(
    feed="merchants",
    columns=(
        "merchant_id",
        "merchant_name",
        "category",
        "country",
        "opened_at",
        "updated_at",
        "level_id",
    ),
    required=("merchant_id",),
)
