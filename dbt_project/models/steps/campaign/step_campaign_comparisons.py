"""What an arm did more than the control, and how sure that is: by campaign, measure and arm.

Its input are sums by arm. A mean and a ratio are compared by Welch's t, the ratio's variance by the
delta method; a proportion by Newcombe's interval and the pooled z. CUPED takes out what users did
before: y - theta x, with one theta of both arms.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from scipy.special import ndtr, ndtri, stdtr, stdtrit

Array = np.ndarray
Arm = dict[str, Array]
Figures = dict[str, Array]
LEVEL = 0.95
LOST = 1e-12
"""What a difference of sums loses of them: a double has 16 digits."""
SUMS = (
    "user_count", "value_sum", "denominator_sum", "pre_value_sum", "value_squares",
    "denominator_squares", "pre_value_squares", "value_denominator_products",
    "value_pre_value_products",
)  # fmt: skip
FIGURES = (
    "mean_value", "control_mean_value", "difference", "standard_error", "degrees_of_freedom",
    "difference_low", "difference_high", "p_value", "relative_lift", "relative_low",
    "relative_high", "theta", "variance_reduction_rate",
)  # fmt: skip


def welch(difference: Array, variances: list[Array], counts: list[Array]) -> Figures:
    """Of two means whose own variances are given; what two users cannot say is not a number."""
    variance = sum(variances)
    freedom = variance**2 / sum(v**2 / (n - 1) for v, n in zip(variances, counts, strict=True))
    freedom = np.where((np.minimum(*counts) > 1) & (variance > 0), freedom, np.nan)
    error = np.sqrt(variance)
    reach = stdtrit(freedom, (1 + LEVEL) / 2) * error
    return {
        "difference": difference,
        "standard_error": error,
        "degrees_of_freedom": freedom,
        "difference_low": difference - reach,
        "difference_high": difference + reach,
        "p_value": 2 * stdtr(freedom, -np.abs(difference) / error),
    }


def means(arm: Arm, kind: Array) -> tuple[Array, Array]:
    """The mean of each arm and its variance."""
    count = arm["user_count"]
    below = np.where(kind == "ratio", arm["denominator_sum"], count)
    mean = arm["value_sum"] / below
    squares = arm["value_squares"] - np.where(
        kind == "ratio",
        2 * mean * arm["value_denominator_products"] - mean**2 * arm["denominator_squares"],
        0,
    )
    # Where each value follows its own part below, the order of sums decided on what is left.
    squares = np.where((kind == "ratio") & (squares <= LOST * arm["value_squares"]), 0, squares)
    # Of one user there is no variance to be known: what the other arm has is all there is.
    variance = np.maximum(squares, 0) / np.maximum(count - 1, 1) / (below / count) ** 2
    return mean, np.where(kind == "proportion", mean * (1 - mean), variance) / count


def wilson(share: Array, count: Array) -> tuple[Array, Array]:
    """The interval of a share, without a correction for continuity."""
    z2 = ndtri((1 + LEVEL) / 2) ** 2
    middle = share + z2 / (2 * count)
    reach = np.sqrt(z2 * (share * (1 - share) + z2 / (4 * count)) / count)
    return (middle - reach) / (1 + z2 / count), (middle + reach) / (1 + z2 / count)


def proportions(arm: Arm, control: Arm) -> Figures:
    """Newcombe's interval of the difference of two shares, and the p-value of the pooled z."""
    counts = arm["user_count"], control["user_count"]
    share, other = arm["value_sum"] / counts[0], control["value_sum"] / counts[1]
    (low, high), (other_low, other_high) = wilson(share, counts[0]), wilson(other, counts[1])
    pooled = (arm["value_sum"] + control["value_sum"]) / (counts[0] + counts[1])
    error = np.sqrt(pooled * (1 - pooled) * (1 / counts[0] + 1 / counts[1]))
    return {
        "difference_low": share - other - np.hypot(share - low, other_high - other),
        "difference_high": share - other + np.hypot(high - share, other - other_low),
        "p_value": 2 * ndtr(-np.abs(share - other) / error),
    }


def unadjusted(arm: Arm, control: Arm, kind: Array) -> Figures:
    """The plain comparison."""
    counts = [arm["user_count"], control["user_count"]]
    (mean, variance), (other, other_variance) = means(arm, kind), means(control, kind)
    found = welch(mean - other, [variance, other_variance], counts)
    of_shares = proportions(arm, control)
    for name, figure in of_shares.items():
        found[name] = np.where(kind == "proportion", figure, found[name])
    against = np.where(other == 0, np.nan, other)
    relative = found["difference"] / np.abs(against)
    # By the delta method, on the degrees of freedom of the difference.
    error = np.sqrt(variance / against**2 + other_variance * mean**2 / against**4)
    reach = stdtrit(found["degrees_of_freedom"], (1 + LEVEL) / 2) * error
    return found | {
        "mean_value": mean,
        "control_mean_value": other,
        "relative_lift": relative,
        "relative_low": relative - reach,
        "relative_high": relative + reach,
    }


def same(mean: Array, other: Array) -> Array:
    """A mean, as another that differs from it by no more than sums lose."""
    lost = LOST * np.maximum(np.abs(mean), np.abs(other))
    return np.where(np.abs(mean - other) <= lost, mean, other)


def adjusted(arm: Arm, control: Arm, plain: Figures) -> Figures:
    """The same of what users did less what they did before, theta times."""
    counts = [arm["user_count"], control["user_count"]]
    between = counts[0] * counts[1] / (counts[0] + counts[1])
    before = [each["pre_value_sum"] / each["user_count"] for each in (arm, control)]
    after = [each["value_sum"] / each["user_count"] for each in (arm, control)]
    before, after = ([mean, same(mean, other)] for mean, other in (before, after))
    spread = arm["pre_value_squares"] + control["pre_value_squares"]
    spread = spread + between * (before[0] - before[1]) ** 2
    together = arm["value_pre_value_products"] + control["value_pre_value_products"]
    together = together + between * (before[0] - before[1]) * (after[0] - after[1])
    theta = np.where(spread > 0, together / np.where(spread > 0, spread, 1), 0)
    variances, plain_variances = [], []
    for each, count in ((arm, counts[0]), (control, counts[1])):
        squares = (
            each["value_squares"]
            - 2 * theta * each["value_pre_value_products"]
            + theta**2 * each["pre_value_squares"]
        )
        # Where values follow what was before to the last digit, the order of sums decided on what
        # is left.
        squares = np.where(squares <= LOST * each["value_squares"], 0, squares)
        scale = np.maximum(count - 1, 1) * count
        variances.append(squares / scale)
        plain_variances.append(each["value_squares"] / scale)
    difference = (after[0] - after[1]) - theta * (before[0] - before[1])
    other = plain["control_mean_value"]
    empty = np.full_like(difference, np.nan)
    return welch(difference, variances, counts) | {
        "mean_value": plain["mean_value"],
        "control_mean_value": other,
        "relative_lift": difference / np.abs(np.where(other == 0, np.nan, other)),
        "relative_low": empty,
        "relative_high": empty,
        "theta": theta,
        "variance_reduction_rate": 1 - sum(variances) / sum(plain_variances),
    }


def model(dbt: Any, session: Any) -> pa.Table:
    dbt.config(materialized="table")
    arms = dbt.ref("fct_campaign_arms").project(
        f"campaign_id, measure_id, kind, pre_days, is_control, variant, {', '.join(SUMS)}"
    )
    rows = sorted(arms.fetchall())
    controls = {row[:2]: row for row in rows if row[4]}
    pairs = [(row, controls[row[:2]]) for row in rows if not row[4]]
    kind = np.array([row[2] for row, _ in pairs], dtype=object)
    sums = [
        {name: np.array([pair[side][6 + place] for pair in pairs], float)
         for place, name in enumerate(SUMS)}
        for side in (0, 1)
    ]  # fmt: skip
    with np.errstate(all="ignore"):
        plain = unadjusted(*sums, kind)
        cuped = adjusted(*sums, plain)
    is_asked = np.array([row[3] > 0 for row, _ in pairs], bool)
    keys = {
        name: [row[place] for row, _ in pairs]
        for place, name in ((0, "campaign_id"), (1, "measure_id"), (5, "variant"))
    }
    parts = [
        _table(keys, "unadjusted", plain, np.ones(len(pairs), bool)),
        _table(keys, "cuped", cuped, is_asked),
    ]
    return pa.concat_tables(parts)


def _table(keys: dict[str, list[str]], method: str, figures: Figures, is_asked: Array) -> pa.Table:
    """What is no number is empty."""
    mask = pa.array(is_asked)
    columns = {name: pa.array(values, pa.string()) for name, values in keys.items()}
    columns["method"] = pa.array([method] * len(is_asked), pa.string())
    for name in FIGURES:
        figure = np.asarray(figures.get(name, np.full(len(is_asked), np.nan)), float)
        columns[name] = pa.array(figure, pa.float64(), mask=~np.isfinite(figure))
    return pa.table(columns).filter(mask)
