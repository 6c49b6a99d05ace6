"""Days and instants: a day is a number from `START`, an instant is milliseconds since 1970, UTC."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from demo.business import plan
from demo.business.streams import Floats, Ints, choice


def day_number(day: date) -> int:
    """The number of a date."""
    return (day - plan.START).days


def date_of(day: int) -> date:
    """The date of a day."""
    return plan.START + timedelta(days=int(day))


def day_of(at: np.ndarray) -> Ints:
    """The local day of an instant."""
    return (at - plan.START_MS) // plan.DAY


def start_of(day: np.ndarray | tuple[int, ...] | int) -> Ints:
    """The instant at which a local day begins."""
    return plan.START_MS + np.asarray(day, dtype=np.int64) * plan.DAY


def days_of(campaign: plan.Campaign) -> tuple[int, int]:
    """The first day of a campaign, and the day after its last."""
    return day_number(campaign.starts), day_number(campaign.ends)


def weekday(day: np.ndarray) -> Ints:
    """Monday is 0."""
    return (np.asarray(day) + plan.START.weekday()) % 7


def time_of_day(draws: Floats) -> Ints:
    """Milliseconds since midnight, by the hours of visits."""
    edges = np.concatenate([[0.0], np.cumsum(plan.HOUR_WEIGHTS)]) / plan.HOUR_WEIGHTS.sum()
    hour = choice(draws, plan.HOUR_WEIGHTS)
    within = (draws - edges[hour]) / (edges[hour + 1] - edges[hour])
    # Not in the last minutes before midnight: a visit ends on its day.
    return ((hour + within * 0.5 * (1 + (hour < 23))) * plan.HOUR).astype(np.int64)


def arrival_weights() -> Floats:
    """How many visitors a day brings, against others: weekday × month × trend × shock."""
    days = np.arange(plan.DAYS)
    months = np.array([date_of(day).month - 1 for day in days])
    weights = plan.WEEKDAY_WEIGHTS[weekday(days)] * plan.MONTH_WEIGHTS[months]
    weights *= plan.YEARLY_TREND ** (days / 365.0)
    weights[day_number(plan.SHOCK_DATE)] *= plan.SHOCK_FACTOR
    return weights / weights.sum()


def month_of(days: np.ndarray) -> np.ndarray:
    """The months of days, as `2024-01`."""
    names = np.array([date_of(day).strftime("%Y-%m") for day in range(plan.DAYS)])
    return names[days]
