"""What customers of each history are expected to buy, by BG/NBD with the parameters of a model.

Who is there after x purchases in an age T buys at a rate of Gamma(r + x, alpha + T) and leaves with
a probability of Beta(a, b + x); at a rate l and a probability p, (1 - exp(-l p t)) / p in a time t.
The mean over l is a power, that over p a sum over the nodes of Gauss and Jacobi: of positive terms,
whereas the hypergeometric function of the paper overflows, and cancels where a is about 1.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from scipy.linalg import eigh_tridiagonal
from scipy.special import expit

Array = np.ndarray
FEWEST_NODES, MOST_NODES = 24, 400
KEYS = ("frequency", "recency_days", "age_days")


def beta_nodes(a: float, b: float, count: int) -> tuple[Array, Array]:
    """Points and weights of the mean over Beta(a, b), exact for polynomials (Golub and Welsch)."""
    n, both = np.arange(1.0, count), a + b - 2
    middle = np.empty(count)
    middle[0] = (a - b) / (both + 2)
    middle[1:] = (a - b) * both / ((2 * n + both) * (2 * n + both + 2))
    squares = np.empty(count - 1)
    squares[0] = 4 * a * b / ((both + 2) ** 2 * (both + 3))
    n = n[1:]
    squares[1:] = 4 * n * (n + a - 1) * (n + b - 1) * (n + both)
    squares[1:] /= (2 * n + both) ** 2 * (2 * n + both + 1) * (2 * n + both - 1)
    points, vectors = eigh_tridiagonal(middle, np.sqrt(squares))
    # A point may fall to 0 by rounding, where the function has a value all the same.
    return np.maximum((1 + points) / 2, 1e-300), vectors[0] ** 2


def expected_purchases(parameters: Array, frequency: Array, age: Array, ahead: float) -> Array:
    """Purchases in a time ahead of customers who are there still."""
    r, alpha, a, b = parameters
    found = np.zeros(len(frequency))
    for x in np.unique(frequency):
        own = frequency == x
        ages, place = np.unique(age[own], return_inverse=True)
        relative, power = ahead / (alpha + ages), r + x
        steep = power * relative.max()
        count = int(np.clip(16 + 8 * np.sqrt(steep), FEWEST_NODES, MOST_NODES))
        points, weights = beta_nodes(a, b + x, count)
        terms = -np.expm1(-power * np.log1p(np.outer(relative, points))) / points
        found[own] = (terms @ weights)[place]
    return found


def alive(parameters: Array, frequency: Array, recency: Array, age: Array) -> Array:
    """The probability that a customer is there still; 1 before a second purchase."""
    r, alpha, a, b = parameters
    repeats = np.maximum(frequency, 1)
    gone = np.log(a) - np.log(b + repeats - 1)
    gone = gone + (r + frequency) * (np.log(alpha + age) - np.log(alpha + recency))
    return np.where(frequency > 0, expit(-gone), 1.0)


def model(dbt: Any, session: Any) -> pa.Table:
    dbt.config(materialized="table")
    spans = dbt.ref("dim_value_spans").project(
        "model_id, unit_days, horizon_days, holdout_days"
    ).fetchall()  # fmt: skip
    fitted = {
        name: np.array(parameters)
        for name, *parameters in dbt.ref("step_value_fits")
        .project("model_id, r, alpha, a, b")
        .filter("r is not null")
        .fetchall()
    }
    reader = session.cursor()
    customers = reader.sql(dbt.ref("fct_value_customers").sql_query())
    columns = ("p_alive", "expected_purchase_count", "holdout_expected_count")
    schema = pa.schema(
        [("model_id", pa.string()), *((key, pa.int64()) for key in KEYS),
         *((column, pa.float64()) for column in columns)]
    )  # fmt: skip
    tables = [schema.empty_table()]
    for name, unit, horizon, holdout in sorted(spans):
        if name not in fitted:
            continue
        parameters = fitted[name]
        own = customers.filter(f"model_id = '{name.replace(chr(39), chr(39) * 2)}'")
        histories = own.aggregate(", ".join(KEYS)).order(", ".join(KEYS)).fetchnumpy()
        x, recency, age = (np.asarray(histories[key], np.int64) for key in KEYS)
        is_there = alive(parameters, x, recency / unit, age / unit)
        figures = [
            is_there,
            *(is_there * expected_purchases(parameters, x, age / unit, days / unit)
              for days in (horizon, holdout)),
        ]  # fmt: skip
        values = [[name] * len(x), x, recency, age, *figures]
        tables.append(pa.table(dict(zip(schema.names, values, strict=True)), schema=schema))
    return pa.concat_tables(tables)
