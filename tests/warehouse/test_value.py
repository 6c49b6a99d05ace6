"""Value of customers: what is a purchase, what is too few, and the models by another road."""

from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import betaln, gammaln, hyp2f1
from scipy.stats import beta as beta_distribution

from orchestration.ingest.definitions.problems import ERROR
from tests.support import build_warehouse, python_step, query, read_definitions
from tests.warehouse.draws import seed

FEW, MANY = 12, 150
PARAMETERS = "r=0.5|alpha=5|a=0.8|b=2.5"
HEADER = (
    "model_id,unit_days,calibration_to_date,holdout_to_date,horizon_days,transaction_parameters,"
    "spend_parameters\n"
)
MODELS = (
    "few,,2001-12-31,2002-12-31,,,\n"
    f"fixed,1,2001-12-31,2002-12-31,30,{PARAMETERS},p=6|q=4|v=15\n"
    f"no_mean,,2001-12-31,2002-12-31,,{PARAMETERS},V=15|p=0.5 | q = 0.9\n"
    "one_day,,2001-01-01,2002-12-31,,,\n"
    "alike,,2003-12-31,2004-12-31,,,\n"
    "usual,,,,,,\n"
    "to_come,,2050-01-01,,,,\n"
    "to_the_end,,,2004-06-30,,,\n"
    f"cut_short,1,2004-05-28,2005-12-31,30,{PARAMETERS},\n"
)
# Orders are of the evening in New York, which in UTC is the next day. The horizon, on the evening
# of New Year's Day, cuts off the hold-out of a model and hides the orders behind it.
CLOCK = {"YUNYING_TIMEZONE": "America/New_York", "YUNYING_HORIZON": "2005-01-02T03:00:00+00:00"}
EVENTS: list[dict[str, Any]] = []


def order(
    user: str, day: date, amount: Any, order_id: str | None = None, name: str = "order"
) -> None:
    number = len(EVENTS)
    EVENTS.append(
        {"event_id": f"{number:05d}", "event_name": name, "user_id": user, "amount": amount,
         "occurred_at": f"{day + timedelta(days=1)}T03:00:00Z",
         "order_id": order_id or f"o{number}"}
    )  # fmt: skip


# Of 2001: all begin on one day, and have a repeat or none. Of these some tell what a purchase is.
NEW_YEAR = date(2001, 1, 1)
for customer in range(FEW):
    order(f"few{customer:02d}", NEW_YEAR, 0 if customer == 9 else 10)
    for repeat in range(customer % 3):
        order(f"few{customer:02d}", NEW_YEAR + timedelta(days=30 * (repeat + 1)), 10)
# Refunded in full after the calibration, so it was a purchase then; a part of one; one before.
order("few00", date(2001, 6, 1), 10, "late")
order("few00", date(2002, 6, 1), 10, "late", "refund")
order("few03", date(2001, 6, 1), 16, "part")
order("few03", date(2001, 6, 2), 6, "part", "refund")
order("few06", date(2001, 6, 1), 10, "gone")
order("few06", date(2001, 6, 2), 10, "gone", "refund")
# Twice a day is once; the first, of value 0, was one.
order("few09", date(2001, 6, 1), 4)
order("few09", date(2001, 6, 1), 6)
# In the hold-out: one, one that is refunded by its end, one after it.
order("few00", date(2002, 3, 1), 10)
order("few00", date(2002, 4, 1), 10, "undone")
order("few00", date(2002, 5, 1), 10, "undone", "refund")
order("few00", date(2003, 3, 1), 10)
# Of 2003: enough, who all spend the same; of 2004 amounts differ.
draw = Random(7)
for customer in range(MANY):
    first = date(2003, 1, 1) + timedelta(days=draw.randrange(200))
    for repeat in range(1 + customer % 4):
        order(f"many{customer:03d}", first + timedelta(days=repeat * 20), 10)
    order(f"many{customer:03d}", date(2004, 1, 1) + timedelta(days=customer), draw.randrange(1, 99))
order("end", date(2005, 1, 1), 1)
for customer in range(MANY):
    order(f"many{customer:03d}", date(2005, 1, 2), 5_000)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_warehouse(
        tmp_path_factory.mktemp("value"),
        events=EVENTS,
        seeds={"event_names": "event_name,role\norder,order\nrefund,refund\n",
               "value_models": HEADER + MODELS},
        environment=CLOCK,
        select="+mart_value_models +mart_definition_warnings",
        run_tests=True,
    )  # fmt: skip


def values(warehouse: Path, model: str) -> dict[str, dict[str, Any]]:
    rows = query(warehouse, "select * from marts.mart_user_values where model_id = ?", [model])
    return {row["user_id"]: row for row in rows}


def figures(warehouse: Path, model: str) -> dict[str, Any]:
    rows = query(warehouse, "select * from marts.mart_value_models where model_id = ?", [model])
    return {row["figure_id"]: row["value"] for row in rows}


def test_what_is_a_purchase(warehouse: Path) -> None:
    of = values(warehouse, "fixed")
    assert {
        user: (row["frequency"], row["recency_units"], row["mean_repeat_amount"])
        for user, row in of.items()
        if user in ("few00", "few03", "few06", "few09", "few02")
    } == {
        "few00": (1, 151, 10), "few03": (1, 151, 10), "few06": (0, 0, None), "few09": (1, 151, 10),
        "few02": (2, 60, 10),
    }  # fmt: skip
    assert {row["age_units"] for row in of.values()} == {364}
    assert of["few00"]["holdout_purchase_count"] == 1
    assert sum(row["holdout_purchase_count"] for row in of.values()) == 1


def test_too_few_have_no_figures_and_given_parameters_bind(warehouse: Path) -> None:
    few, fixed = figures(warehouse, "few"), figures(warehouse, "fixed")
    counts = {"customer_count": FEW, "repeat_customer_count": 11, "holdout_purchases": 1}
    assert {name: few[name] for name in counts} == {name: fixed[name] for name in counts}
    assert few["customer_count"] == FEW
    assert [name for name, value in few.items() if value is not None] == [
        "customer_count", "repeat_customer_count", "holdout_purchases",
    ]  # fmt: skip
    assert {row["p_alive"] for row in values(warehouse, "few").values()} == {None}
    assert [fixed[name] for name in ("r", "alpha", "a", "b", "p", "q", "v")] == [
        0.5, 5, 0.8, 2.5, 6, 4, 15,
    ]  # fmt: skip
    of = values(warehouse, "fixed")
    assert fixed["holdout_expected"] == pytest.approx(
        sum(row["holdout_expected_count"] for row in of.values())
    )
    assert of["few06"]["p_alive"] == 1
    assert of["few06"]["expected_purchase_amount"] == pytest.approx(6 * 15 / 3)
    assert of["few09"]["expected_purchase_amount"] == pytest.approx(6 * (15 + 10) / (6 + 3))
    for row in of.values():
        assert row["expected_value_amount"] == pytest.approx(
            row["expected_purchase_count"] * row["expected_purchase_amount"]
        )


def test_without_a_mean_who_has_no_repeat_has_no_value(warehouse: Path) -> None:
    of = values(warehouse, "no_mean")
    assert (of["few06"]["expected_purchase_amount"], of["few06"]["expected_value_amount"]) == (
        None, None,
    )  # fmt: skip
    assert of["few09"]["expected_purchase_amount"] == pytest.approx(0.5 * (15 + 10) / (0.5 - 0.1))


def test_a_history_of_one_day_and_money_all_equal(warehouse: Path) -> None:
    one_day = figures(warehouse, "one_day")
    assert (one_day["customer_count"], one_day["repeat_customer_count"], one_day["r"]) == (
        FEW, 0, None,
    )  # fmt: skip
    alike = figures(warehouse, "alike")
    assert alike["customer_count"] == FEW + MANY
    assert alike["r"] > 0
    assert (alike["p"], alike["spend_log_likelihood"]) == (None, None)
    assert {row["expected_value_amount"] for row in values(warehouse, "alike").values()} == {None}


def test_the_last_closed_month_and_what_came_after(warehouse: Path) -> None:
    usual = query(warehouse, "select * from facts.dim_value_spans")
    spans = {row["model_id"]: row for row in usual}
    assert (spans["usual"]["calibration_to_date"], spans["usual"]["holdout_days"]) == (
        date(2004, 12, 31), 0,
    )  # fmt: skip
    assert spans["to_come"]["calibration_to_date"] == date(2004, 12, 31)
    assert spans["to_the_end"]["holdout_to_date"] == date(2004, 12, 31)
    # One order is behind this calibration, and its hold-out ends with the last day that is over.
    assert (spans["cut_short"]["holdout_to_date"], spans["cut_short"]["holdout_days"]) == (
        date(2004, 12, 31), 217,
    )  # fmt: skip
    assert figures(warehouse, "cut_short")["holdout_purchases"] == 1
    found = figures(warehouse, "usual")
    assert (found["holdout_purchases"], found["holdout_expected"]) == (0, 0)
    assert found["p"] is not None


def test_what_the_orders_do_not_bear_is_said(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select row_number, problem, problem_zh, mend from marts.mart_definition_warnings"
        " where file = 'value_models.csv' order by all",
    )
    said = {(row["row_number"], row["problem"].partition(" ")[2].partition(" ")[2]) for row in rows}
    assert {(line, text[:32]) for line, text in said} == {
        (2, "few has 12 customers, 11 of them"[:32]),
        (4, "no_mean has q at most 1: spending"[:32]),
        (5, "one_day has 12 customers, 0 of them"[:32]),
        (6, "alike has no Gamma-Gamma: of repeat"[:32]),
        (8, "to_come is to be calibrated to 2050"[:32]),
        (8, "to_come has no hold-out: it ends"[:32]),
        (9, "to_the_end has no hold-out: it ends"[:32]),
    }
    assert all(row["mend"] and row["problem_zh"] != row["problem"] for row in rows)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("m,0,,,,,", "unit_days 0 is too small"),
        ("m,,2001-12-31,2001-11-30,,,", "holdout_to_date 2001-11-30 is before calibration_to_date"),
        ("m,,soon,,,,", "calibration_to_date soon"),
        ("m,,,,,r=1|alpha=2|a=3,", "transaction_parameters r=1|alpha=2|a=3 does not give"),
        ("m,,,,,r=1|alpha=2|a=3|b=-1,", "transaction_parameters r=1|alpha=2|a=3|b=-1 does"),
        ("m,,,,,r=1|alpha=2|a=3|b=1|b=1,", "transaction_parameters r=1|alpha=2|a=3|b=1|b=1 does"),
        ("m,,,,,,p=1|q=2|v=x", "spend_parameters p=1|q=2|v=x does not give p, q, v"),
        ("m,,,,,r=1e308|alpha=2|a=3|b=1,", "as numbers from 1e-09 to 1e+09"),
        ("m,,,,,,p=1|q=1e-300|v=1", "as numbers from 1e-09 to 1e+09"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, row: str, problem: str) -> None:
    found = read_definitions(tmp_path, {"value_models": f"{HEADER}{row}\n"}).problems
    errors = [each for each in found if each.severity == ERROR]
    assert [each.line for each in errors] == [2]
    assert problem in errors[0].problem.en
    assert errors[0].mend.en
    assert errors[0].problem.zh != errors[0].problem.en


FITS = python_step("value/step_value_fits")
EXPECTATIONS = python_step("value/step_value_expectations")


def drawn(count: int, parameters: tuple[float, ...], spend: tuple[float, ...]) -> tuple[Any, Any]:
    """Customers of known parameters, a row each: days of purchases by the process itself."""
    random = np.random.default_rng(seed())
    (r, alpha, a, b), (p, q, v) = parameters, spend
    rows = []
    for _ in range(count):
        rate, leaves, age = random.gamma(r, 1 / alpha), random.beta(a, b), random.uniform(10, 50)
        x, last, at = 0, 0.0, random.exponential(1 / rate)
        while at <= age:
            x, last = x + 1, at
            if random.random() < leaves:
                break
            at += random.exponential(1 / rate)
        amount = random.gamma(p * x) / random.gamma(q, 1 / v) / x if x else 0.0
        rows.append((x, last, age, 1, amount))
    x, last, age, ones, amount = map(np.array, zip(*rows, strict=True))
    is_repeat = x > 0
    return (
        FITS.Purchases(x, last, age, ones),
        FITS.Spending(x[is_repeat], amount[is_repeat], ones[is_repeat]),
    )


def log_likelihood(parameters: tuple[float, ...], x: float, last: float, age: float) -> float:
    """Equation 6 of the paper, for one customer, as it stands there."""
    r, alpha, a, b = parameters
    stays = math.exp(betaln(a, b + x) - betaln(a, b)) * (alpha + age) ** -(r + x)
    left = 0.0
    if x > 0:
        left = math.exp(betaln(a + 1, b + x - 1) - betaln(a, b)) * (alpha + last) ** -(r + x)
    return float(gammaln(r + x) - gammaln(r) + r * math.log(alpha) + math.log(stays + left))


def spend_log_likelihood(parameters: tuple[float, ...], x: float, m: float) -> float:
    p, q, v = parameters
    return float(
        gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * math.log(v)
        + (p * x - 1) * math.log(m) + p * x * math.log(x) - (p * x + q) * math.log(v + m * x)
    )  # fmt: skip


def test_likelihoods_are_those_of_the_papers_and_fits_find_what_was_planted() -> None:
    planted, spend = (0.6, 5.0, 0.9, 2.6), (6.0, 4.0, 15.0)
    purchases, spending = drawn(4000, planted, spend)
    total, gradient = FITS.transaction_likelihood(purchases)(np.array(planted))
    rows = list(zip(*purchases[:3], strict=True))
    assert total == pytest.approx(sum(log_likelihood(planted, *row) for row in rows), rel=1e-10)
    of_spend, spend_gradient = FITS.spend_likelihood(spending)(np.array(spend))
    spent = zip(*spending[:2], strict=True)
    assert of_spend == pytest.approx(
        sum(spend_log_likelihood(spend, *row) for row in spent), rel=1e-10
    )
    for likelihood, at, slopes in (
        (FITS.transaction_likelihood(purchases), planted, gradient),
        (FITS.spend_likelihood(spending), spend, spend_gradient),
    ):
        for place, slope in enumerate(slopes):
            shift = np.zeros(len(at))
            shift[place] = 1e-5
            above, below = likelihood(at + shift)[0], likelihood(at - shift)[0]
            assert slope == pytest.approx((above - below) / 2e-5, rel=1e-4, abs=1e-2)
    found = FITS.figures(purchases, spending)
    assert found["transaction_log_likelihood"] >= total
    assert found["spend_log_likelihood"] >= of_spend
    # Twice the difference is chi-square of four and three degrees of freedom.
    assert 2 * (found["transaction_log_likelihood"] - total) < 25
    assert 2 * (found["spend_log_likelihood"] - of_spend) < 22


@pytest.mark.parametrize(("number", "leaves"), [(0, (0.01, 5)), (20, (0.01, 5)), (21, (0.02, 1))])
def test_a_ridge_is_no_summit(number: int, leaves: tuple[float, float]) -> None:
    """Where few leave, "all with the same tiny chance" is nearly as likely as what is likeliest."""
    draw = np.random.default_rng(number)
    histories = []
    for rate, chance in zip(draw.gamma(1.0, 1 / 30, 300), draw.beta(*leaves, 300), strict=True):
        age, now, days = float(300 - draw.integers(150)), 0.0, {0}
        while (now := now + draw.exponential(1 / rate)) <= age:
            days.add(int(now))
            if draw.random() < chance:
                break
        histories.append((len(days) - 1, max(days) / 7, age / 7))
    frequency, recency, age = np.array(histories).T
    purchases = FITS.Purchases(frequency, recency, age, np.ones(300))
    likelihood = FITS.transaction_likelihood(purchases)
    units = np.array([1.0, age.mean(), 1.0, 1.0])
    starts = ([1, 1, 1, 1], [0.25, 0.3, 0.8, 2.5], [1, 0.2, 0.01, 0.5], [1, 0.1, 1e-3, 0.2])
    summits = [
        likelihood(FITS._highest(likelihood, (np.array(start, float),), units, 300.0))[0]
        for start in starts
    ]
    assert max(summits) - min(summits) > 0.1
    found = FITS.figures(purchases, FITS.Spending(*[np.empty(0)] * 3))
    assert found["transaction_log_likelihood"] > max(summits) - 0.01


def test_a_fit_is_the_same_in_whatever_order_and_however_rows_are_joined() -> None:
    purchases, spending = drawn(600, (0.6, 5.0, 0.9, 2.6), (6.0, 4.0, 15.0))
    found = FITS.figures(purchases, spending)
    shuffled = np.random.default_rng(1).permutation(600)
    again = FITS.Purchases(*(column[shuffled] for column in purchases))
    assert FITS.figures(again, spending) == found
    # All buy alike: far out the likelihood is flat, and a last digit decides where a search ends.
    draw = np.random.default_rng(3)
    age = draw.integers(14, 180, 300) / 7
    frequency = draw.poisson(age / 20)
    flat = FITS.Purchases(frequency, age * draw.uniform(0.3, 1, 300), age, np.ones(300))
    spent = FITS.Spending(frequency[frequency > 0], draw.gamma(9, 12, (frequency > 0).sum()),
                          np.ones((frequency > 0).sum()))  # fmt: skip
    ends = set()
    for number in range(8):
        order = np.random.default_rng(number)
        histories, amounts = order.permutation(300), order.permutation(len(spent.count))
        fitted = FITS.figures(
            FITS.Purchases(*(column[histories] for column in flat)),
            FITS.Spending(*(column[amounts] for column in spent)),
        )
        ends.add(tuple(fitted.items()))
    assert len(ends) == 1
    twice = FITS.Purchases(*(np.tile(column, 2) for column in purchases))
    joined = purchases._replace(count=purchases.count * 2)
    assert FITS.figures(twice, spending)["r"] == pytest.approx(
        FITS.figures(joined, spending)["r"], rel=1e-5
    )


@pytest.mark.parametrize("parameters", [(0.24, 4.4, 0.8, 2.4), (2, 10, 1, 1), (5, 1, 3, 9)])
@pytest.mark.parametrize(("x", "age"), [(0, 0.0), (0, 40.0), (3, 40.0), (60, 40.0)])
@pytest.mark.parametrize("ahead", [1.0, 52.0, 400.0])
def test_expected_purchases_by_integration_and_by_the_paper(
    parameters: tuple[float, ...], x: int, age: float, ahead: float
) -> None:
    r, alpha, a, b = parameters
    found = EXPECTATIONS.expected_purchases(
        np.array(parameters), np.array([x]), np.array([age]), ahead
    )[0]
    relative = ahead / (alpha + age)

    def purchases(leaving: float) -> float:
        return -math.expm1(-(r + x) * math.log1p(relative * leaving)) / leaving

    weight = beta_distribution(a, b + x).pdf
    integral = quad(lambda p: purchases(p) * weight(p), 0, 1, limit=500)[0]
    assert found == pytest.approx(integral, rel=1e-6)
    if a != 1:
        z = ahead / (alpha + age + ahead)
        paper = (a + b + x - 1) / (a - 1) * (
            1 - (1 - z) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, z)
        )  # fmt: skip
        assert found == pytest.approx(paper, rel=1e-8)


def test_the_alive_are_so_by_odds() -> None:
    r, alpha, a, b = parameters = np.array([0.24, 4.4, 0.8, 2.4])
    x, last, age = np.array([0, 1, 7]), np.array([0.0, 2, 30]), np.array([40.0, 40, 39])
    odds = a / (b + x[1:] - 1) * ((alpha + age[1:]) / (alpha + last[1:])) ** (r + x[1:])
    assert EXPECTATIONS.alive(parameters, x, last, age) == pytest.approx([1, *(1 / (1 + odds))])
    # No power overflows.
    many = EXPECTATIONS.alive(parameters, np.array([4000]), np.array([1.0]), np.array([9e3]))
    assert many == pytest.approx([0])
