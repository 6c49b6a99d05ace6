"""How customers buy and what they spend: BG/NBD and Gamma-Gamma, by maximum likelihood.

Fader, Hardie and Lee 2005: while a customer is there, purchases come at a rate of Gamma(r, alpha);
after each the customer leaves with a probability of Beta(a, b). Fader and Hardie 2013 (note 025):
what a customer spends is Gamma(p, nu), nu of customers Gamma(q, v). Customers with equal histories
are one row of the likelihood, with their number. Gradients are exact, parameters are searched as
logarithms, and rows stand in an order of their own, so that theirs does not matter.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from scipy.optimize import minimize
from scipy.special import betaln, digamma

Array = np.ndarray
Likelihood = Callable[[Array], tuple[float, Array]]
Starts = tuple[Array, ...]
LEAST_CUSTOMERS, LEAST_REPEATS = 100, 30
TRANSACTION, SPEND = ("r", "alpha", "a", "b"), ("p", "q", "v")
# Beyond these a parameter stands for a limit: nobody leaves, all are alike.
LOWEST, HIGHEST = np.log(1e-8), np.log(1e8)
# Within these it is no ridge on the way to such a limit, where a search may stop too early.
PLAIN = np.log(1e3)
STARTS = (
    np.array([1.0, 1.0, 1.0, 1.0]),
    np.array([0.25, 0.3, 0.8, 2.5]),
    np.array([1.0, 0.2, 0.001, 0.1]),
)
SPEND_STARTS = (np.array([1.0, 2.0, 1.0]), np.array([6.0, 4.0, 0.5]))
BLOCK = 8192
FIGURES = (*TRANSACTION, *SPEND, "transaction_log_likelihood", "spend_log_likelihood")


class Purchases(NamedTuple):
    """Histories: purchases after the first, when the last was and how long ago the first, in units
    from the first; how many customers have each."""

    frequency: Array
    recency: Array
    age: Array
    count: Array


class Spending(NamedTuple):
    """Repeat purchases and their mean amount, above 0, and how many customers have each."""

    frequency: Array
    amount: Array
    count: Array


def _rising(value: float, most: int) -> tuple[Array, Array]:
    """ln(value (value + 1) ... (value + x - 1)) for x of 0 to `most`, and its derivative."""
    steps = value + np.arange(most)
    return (
        np.concatenate([[0.0], np.cumsum(np.log(steps))]),
        np.concatenate([[0.0], np.cumsum(1 / steps)]),
    )


def _blocks(rows: int) -> list[slice]:
    """So many rows at once that what is worked out of them stays in a processor's cache."""
    return [slice(start, start + BLOCK) for start in range(0, rows, BLOCK)]


def transaction_likelihood(purchases: Purchases) -> Likelihood:
    """The log-likelihood of BG/NBD and its gradient, by r, alpha, a and b.

    What a purchase count, a recency or an age says by itself is worked out once for each of them.
    """
    recencies, of_recency = np.unique(purchases.recency, return_inverse=True)
    ages, of_age = np.unique(purchases.age, return_inverse=True)
    x = np.asarray(purchases.frequency).astype(np.int64)
    order = np.argsort((x * len(recencies) + of_recency) * len(ages) + of_age)
    columns = (x, of_recency, of_age, np.asarray(purchases.count).astype(float))
    x, of_recency, of_age, count = (column[order] for column in columns)
    by_x = np.bincount(x, count)
    most, customers = len(by_x) - 1, count.sum()
    by_age, by_age_x = np.bincount(of_age, count), np.bincount(of_age, count * x)
    first = int(np.searchsorted(x, 1))
    x, of_recency, of_age, count = (
        column[first:] for column in (x, of_recency, of_age, count)
    )  # fmt: skip
    blocks = _blocks(len(x))

    def likelihood(parameters: Array) -> tuple[float, Array]:
        r, alpha, a, b = parameters
        rising_r, slope_r = _rising(r, most)
        rising_b, slope_b = _rising(b, most)
        rising_ab, slope_ab = _rising(a + b, most)
        log_age, log_recency = np.log(alpha + ages), np.log(alpha + recencies)
        log_odds = np.log(a) - np.log(b + np.arange(-1, most, dtype=float).clip(0))
        # As if all were there still; who has left after the last purchase adds `left` to that.
        total = customers * r * np.log(alpha) + by_x @ (rising_r + rising_b - rising_ab)
        total -= r * (by_age @ log_age) + by_age_x @ log_age
        left, left_gap = 0.0, 0.0
        left_by_x = np.zeros(most + 1)
        left_by_age, left_by_recency = np.zeros(len(ages)), np.zeros(len(recencies))
        for block in blocks:
            number, age, recency = x[block], of_age[block], of_recency[block]
            gap = log_age[age] - log_recency[recency]
            leaving = (r + number) * gap
            leaving += log_odds[number]
            less = np.exp(-np.abs(leaving))
            left += count[block] @ (np.maximum(leaving, 0) + np.log1p(less))
            share = count[block] * np.where(leaving > 0, 1, less) / (1 + less)
            left_gap += share @ gap
            left_by_x += np.bincount(number, share, most + 1)
            share *= r + number
            left_by_age += np.bincount(age, share, len(ages))
            left_by_recency += np.bincount(recency, share, len(recencies))
        d_alpha = customers * r / alpha - (r * by_age + by_age_x - left_by_age) @ (
            1 / (alpha + ages)
        )
        d_alpha -= left_by_recency @ (1 / (alpha + recencies))
        d_r = customers * np.log(alpha) + by_x @ slope_r - by_age @ log_age + left_gap
        d_a = -(by_x @ slope_ab) + left_by_x.sum() / a
        d_b = by_x @ (slope_b - slope_ab) - left_by_x[1:] @ (1 / (b + np.arange(most)))
        return float(total + left), np.array([d_r, d_alpha, d_a, d_b])

    return likelihood


def spend_likelihood(spending: Spending) -> Likelihood:
    """The log-likelihood of Gamma-Gamma and its gradient, by p, q and v."""
    order = np.lexsort((spending.amount, spending.frequency))
    x, amount, count = (np.asarray(column)[order].astype(float) for column in spending)
    numbers, of_number = np.unique(x, return_inverse=True)
    by_number = np.bincount(of_number, count)
    log_amount = count @ np.log(amount)
    total_amount = x * amount
    blocks = _blocks(len(x))

    def likelihood(parameters: Array) -> tuple[float, Array]:
        p, q, v = parameters
        # As what is left where parameters are large: all are alike, or each spends the same.
        below = 0.0
        above, slopes = np.zeros(len(numbers)), np.zeros(len(numbers))
        for block in blocks:
            number, spent, of = of_number[block], total_amount[block], count[block]
            below += of @ np.log1p(spent / v)
            above += np.bincount(number, of * np.log1p(v / spent), len(numbers))
            slopes += np.bincount(number, of / (v + spent), len(numbers))
        both = p * numbers + q
        total = -(by_number @ betaln(p * numbers, q)) - log_amount
        total -= q * below + p * (numbers @ above)
        d_p = by_number @ (numbers * (digamma(both) - digamma(p * numbers))) - numbers @ above
        d_q = by_number @ (digamma(both) - digamma(q)) - below
        d_v = q * by_number.sum() / v - both @ slopes
        return float(total), np.array([d_p, d_q, d_v])

    return likelihood


def _highest(likelihood: Likelihood, starts: Starts, units: Array, customers: float) -> Array:
    """Where a likelihood is highest: from the likeliest start, from others too where that ends
    far out. `units` are what parameters are measured in."""

    def lost(logarithms: Array) -> tuple[float, Array]:
        parameters = np.exp(logarithms) * units
        value, gradient = likelihood(parameters)
        return -value / customers, -gradient * parameters / customers

    best = None
    for start in sorted(starts, key=lambda start: -likelihood(start * units)[0]):
        found = minimize(
            lost, np.log(start), jac=True, method="L-BFGS-B",
            bounds=[(LOWEST, HIGHEST)] * len(start),
            options={"maxiter": 1000, "ftol": 1e-13, "gtol": 1e-7},
        )  # fmt: skip
        best = found if best is None or found.fun < best.fun else best
        if (np.abs(found.x) < PLAIN).all():
            break
    return np.exp(best.x) * units


def _mean(values: Array, count: Array) -> float:
    """In whatever order they stand: where a likelihood is flat, a search that starts by the last
    digit elsewhere ends far away."""
    return math.fsum(values * count) / math.fsum(count)


def figures(
    purchases: Purchases,
    spending: Spending,
    transaction: Array | None = None,
    spend: Array | None = None,
) -> dict[str, float]:
    """The parameters of a model, given ones or those that fit best, and their likelihoods. Of too
    few customers nothing is fitted, nor of amounts that are all alike, of which no parameters are
    likeliest."""
    found: dict[str, float] = {}
    customers = purchases.count.sum()
    repeats = purchases.count[purchases.frequency > 0].sum()
    if customers:
        likelihood = transaction_likelihood(purchases)
    if transaction is None and customers >= LEAST_CUSTOMERS and repeats >= LEAST_REPEATS:
        unit = _mean(purchases.age, purchases.count) or 1.0
        transaction = _highest(likelihood, STARTS, np.array([1, unit, 1, 1]), customers)
    if transaction is not None:
        found |= dict(zip(TRANSACTION, transaction.tolist(), strict=True))
        if customers:
            found["transaction_log_likelihood"] = likelihood(transaction)[0]
    spenders = spending.count.sum()
    if spenders:
        likelihood = spend_likelihood(spending)
        unit = _mean(spending.amount, spending.count)
        differ = np.ptp(spending.amount) > 1e-9 * unit
        if spend is None and customers >= LEAST_CUSTOMERS and spenders >= LEAST_REPEATS and differ:
            spend = _highest(likelihood, SPEND_STARTS, np.array([1, 1, unit]), spenders)
    if spend is not None:
        found |= dict(zip(SPEND, spend.tolist(), strict=True))
        if spenders:
            found["spend_log_likelihood"] = likelihood(spend)[0]
    return found


def given(text: str | None, names: tuple[str, ...]) -> Array | None:
    """Parameters as a definition writes them: name=number, with bars between."""
    if not text:
        return None
    parts = dict(part.split("=") for part in text.replace(" ", "").lower().split("|"))
    return np.array([float(parts[name]) for name in names])


def model(dbt: Any, session: Any) -> pa.Table:
    dbt.config(materialized="table")
    models = dbt.ref("dim_value_models").project(
        "model_id, unit_days, transaction_parameters, spend_parameters"
    )
    reader = session.cursor()
    customers = reader.sql(dbt.ref("fct_value_customers").sql_query())
    rows = []
    for name, unit, transaction, spend in sorted(models.fetchall()):
        own = customers.filter(f"model_id = '{name.replace(chr(39), chr(39) * 2)}'")
        histories = own.aggregate(
            "frequency, recency_days, age_days, count(*) as customer_count"
        ).fetchnumpy()
        spent = own.filter("frequency > 0 and mean_repeat_amount > 0").aggregate(
            "frequency, mean_repeat_amount, count(*) as customer_count"
        ).fetchnumpy()  # fmt: skip
        found = figures(
            Purchases(
                histories["frequency"], histories["recency_days"] / unit,
                histories["age_days"] / unit, histories["customer_count"],
            ),
            Spending(spent["frequency"], spent["mean_repeat_amount"], spent["customer_count"]),
            given(transaction, TRANSACTION),
            given(spend, SPEND),
        )  # fmt: skip
        rows.append({"model_id": name} | {figure: found.get(figure) for figure in FIGURES})
    kinds = [("model_id", pa.string()), *((figure, pa.float64()) for figure in FIGURES)]
    return pa.Table.from_pylist(rows, schema=pa.schema(kinds))
