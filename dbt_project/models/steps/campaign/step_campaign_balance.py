"""Whether as many are in each arm as were to be drawn: Pearson's chi-square by campaign."""

from typing import Any

import pyarrow as pa
from scipy.special import chdtrc


def chi_square(counts: list[tuple[int, float]]) -> tuple[float, float] | None:
    """It and its p-value, of counts and what was expected; None where nothing is compared."""
    drawn = [(count, expected) for count, expected in counts if expected > 0]
    if len(drawn) < 2:
        return None
    distance = sum((count - expected) ** 2 / expected for count, expected in drawn)
    return distance, float(chdtrc(len(drawn) - 1, distance))


def model(dbt: Any, session: Any) -> pa.Table:
    dbt.config(materialized="table")
    arms: dict[str, list[tuple[int, float]]] = {}
    rows = dbt.ref("fct_campaign_variants").project(
        "campaign_id, variant, assigned_count, expected_count"
    )
    for campaign, _, count, expected in sorted(rows.fetchall()):
        arms.setdefault(campaign, []).append((count, expected or 0.0))
    found = [(campaign, tested) for campaign, of in arms.items() if (tested := chi_square(of))]
    return pa.table(
        {
            "campaign_id": pa.array([campaign for campaign, _ in found], pa.string()),
            "chi_square": pa.array([distance for _, (distance, _) in found], pa.float64()),
            "p_value": pa.array([chance for _, (_, chance) in found], pa.float64()),
        }
    )
