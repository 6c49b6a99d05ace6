"""How well a fit of the value models can be, on the customers that were drawn.

The information is minus the second derivatives of the likelihood at the planted values. Those of
blocks add up, and the inverse gives the standard errors.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from demo.business import plan
from demo.business.orders import Orders
from demo.business.streams import Floats, Ints


@dataclass(frozen=True)
class _Customers:
    """One per customer, in units of time, at the end of the data."""

    frequency: Ints
    recency: Floats
    age: Floats
    repeat_mean: Floats
    """Mean amount of the purchases after the first; nothing where there are none."""


def bg_nbd_information(orders: Orders) -> np.ndarray:
    """Of r, alpha, a, b (Fader, Hardie, Lee 2005)."""
    customers = _customers(orders)
    values, inverse = np.unique(customers.frequency, return_inverse=True)

    def likelihood(at: Floats) -> float:
        r, alpha, a, b = at
        of_count = _lgamma(r + values) - math.lgamma(r) + r * math.log(alpha)
        of_count += math.lgamma(a + b) - math.lgamma(b) + _lgamma(b + values)
        of_count -= _lgamma(a + b + values)
        still = -(r + customers.frequency) * np.log(alpha + customers.age)
        lost = np.log(a) - np.log(b + np.maximum(customers.frequency, 1) - 1)
        lost = lost - (r + customers.frequency) * np.log(alpha + customers.recency)
        both = np.where(customers.frequency > 0, np.logaddexp(still, lost), still)
        return float((of_count[inverse] + both).sum())

    return _information(likelihood, plan.BG_NBD)


def gamma_gamma_information(orders: Orders) -> np.ndarray:
    """Of p, q, v, over customers who bought again."""
    customers = _customers(orders)
    again = customers.frequency > 0
    count, mean = customers.frequency[again], customers.repeat_mean[again]
    values, inverse = np.unique(count, return_inverse=True)

    def likelihood(at: Floats) -> float:
        p, q, v = at
        of_count = _lgamma(p * values + q) - _lgamma(p * values)
        of_count += q * math.log(v) - math.lgamma(q)
        of_mean = (p * count - 1) * np.log(mean) + p * count * np.log(count)
        of_mean -= (p * count + q) * np.log(count * mean + v)
        return float((of_count[inverse] + of_mean).sum())

    return _information(likelihood, plan.GAMMA_GAMMA)


def standard_errors(information: np.ndarray, names: dict[str, float]) -> dict[str, float | None]:
    """Of each parameter; none where customers are too few to tell."""
    variances = np.diag(np.linalg.pinv(information)).tolist()
    told = (math.sqrt(each) if each > 0 else None for each in variances)
    return dict(zip(names, told, strict=True))


def _customers(orders: Orders) -> _Customers:
    first = np.unique(orders.person, return_index=True)[1]
    frequency = np.diff(np.append(first, len(orders))) - 1
    day = orders.days.day
    total = np.add.reduceat(orders.cents, first) if len(first) else np.zeros(0)
    repeats = (total - orders.cents[first]) / 100
    return _Customers(
        frequency=frequency,
        recency=(day[first + frequency] - day[first]) / plan.UNIT_DAYS,
        age=(plan.DAYS - 1 - day[first]) / plan.UNIT_DAYS,
        repeat_mean=repeats / np.maximum(frequency, 1),
    )


def _lgamma(values: np.ndarray) -> Floats:
    return np.array([math.lgamma(value) for value in values.tolist()])


def _information(likelihood: Callable[[Floats], float], planted: dict[str, float]) -> np.ndarray:
    at = np.array(list(planted.values()))
    steps = np.diag(at * 1e-3)
    count = len(at)
    second = np.empty((count, count))
    for i in range(count):
        for j in range(count):
            second[i, j] = sum(
                one * other * likelihood(at + one * steps[i] + other * steps[j])
                for one in (1, -1)
                for other in (1, -1)
            ) / (4 * steps[i, i] * steps[j, j])
    return -second
