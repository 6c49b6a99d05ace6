"""Content items, as the feed brings them."""

from expectations.suites.raw._feeds import feed_suite

SUITE = feed_suite(
    feed="contents",
    columns=(
        "content_id",
        "title",
        "content_type",
        "author_id",
        "category",
        "published_at",
        "updated_at",
    ),
    required=("content_id",),
)
