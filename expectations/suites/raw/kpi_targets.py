"""Targets of KPIs, as the feed brings them."""

from expectations.suites.raw._feeds import feed_suite

SUITE = feed_suite(
    feed="kpi_targets",
    columns=("kpi_id", "period_start_date", "period_end_date", "target_value"),
    required=("kpi_id", "target_value"),
)
