"""MetricFlow's metrics, asked of the published file, are the figures of the marts, to the unit."""

from __future__ import annotations

import csv
import shutil
import socket
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from orchestration.commands import metrics
from orchestration.commands.metrics import MetricsError, PublishedMetrics, published_metrics
from orchestration.project import Settings
from orchestration.publish.publishing import publish
from orchestration.transform.dbt_runs import exposed_nodes, load_manifest
from tests import support
from verify.world import write_world

SEMANTIC_MODELS = load_manifest()["semantic_models"].values()
TABLES = {"dim_dates", *(model["node_relation"]["alias"] for model in SEMANTIC_MODELS)}
DAY, MONTH = "metric_time__day", "metric_time__month"
GROWTH = ("new", "retained", "resurrected", "churned", "active")


def growth(grain: str, name: str) -> tuple[list[str], list[str], str]:
    """Metrics of growth of one length of period, and what the mart says."""
    return (
        [f"{kind}_users_{name}" for kind in GROWTH],
        [f"metric_time__{grain}"],
        f"select period_start_date, {', '.join(f'{kind}_user_count' for kind in GROWTH)}"
        f" from marts.mart_growth_accounting where grain = '{grain}' and activity_id = 'any'",
    )


# What is asked of MetricFlow (metrics, by what), and the same of the marts.
QUESTIONS: dict[str, tuple[list[str], list[str], str]] = {
    "active users of a day": (
        ["dau", "wau", "mau", "stickiness"], [DAY],
        "select activity_date, dau, wau, mau, stickiness_rate from marts.mart_active_users_daily",
    ),
    "active users of a month": (
        ["dau", "mau"], [MONTH],
        """select date_trunc('month', activity_date), avg(dau), arg_max(mau, activity_date)
        from marts.mart_active_users_daily group by all""",
    ),
    "growth by day": growth("day", "daily"),
    "growth by week": growth("week", "weekly"),
    "growth by month": growth("month", "monthly"),
    "sales of a day": (
        ["orders", "gmv_gross", "refunds", "gmv_net"], [DAY],
        """select period_start_date, order_count, gross_amount, refunded_amount, net_amount
        from marts.mart_sales_periods where grain = 'day'""",
    ),
    "sales of a month": (
        ["orders", "gmv_net", "monthly_customers", "repeat_rate", "arpu"], [MONTH],
        """select period_start_date, order_count, net_amount, customer_count, repeat_rate, arpu
        from marts.mart_sales_periods where grain = 'month'""",
    ),
    "all sales": (
        ["orders", "gmv_net"], [],
        """select sum(order_count), sum(net_amount) from marts.mart_sales_periods
        where grain = 'week'""",
    ),
    "conversion": (
        ["funnel_entrants", "funnel_conversions", "conversion_rate"],
        [MONTH, "funnel_period__funnel_id"],
        """select period_start_date, funnel_id, mature_entrant_count, mature_converted_count,
            conversion_rate
        from marts.mart_funnel_trends where grain = 'month' and breakdown_value is null""",
    ),
    "acquisition by channel": (
        ["channel_cost", "new_customers", "cac"], [MONTH, "acquisition__channel_id"],
        """select period_start_date, channel_id, cost_amount, new_customer_count, cac_amount
        from marts.mart_channel_acquisition where grain = 'month'""",
    ),
    "all acquisition": (
        ["cac"], [],
        """select sum(cost_amount) / sum(new_customer_count)
        from marts.mart_channel_acquisition where grain = 'all'""",
    ),
    "attribution": (
        ["credited_value", "credited_cost", "roas"],
        [MONTH, "attribution__conversion_id", "attribution__model_id", "attribution__channel_id"],
        """select period_start_date, conversion_id, model_id, channel_id, credited_amount,
            cost_amount, roas
        from marts.mart_attribution where grain = 'month'""",
    ),
    "lift": (
        ["incremental", "compared_users", "lift"],
        ["comparison__campaign_id", "comparison__measure_id", "comparison__variant"],
        """select campaign_id, measure_id, variant, incremental_value, user_count, difference
        from marts.mart_campaign_lift where method = 'unadjusted'""",
    ),
    "exits of a page": (
        ["page_sessions", "exit_rate"], [DAY, "page_period__page"],
        """select period_start_date, page, session_count, exit_rate
        from marts.mart_page_exits where grain = 'day'""",
    ),
    "recommending by month": (
        ["nps_answers", "nps"], [MONTH],
        """select period_start_date, promoter_count + passive_count + detractor_count, nps
        from marts.mart_feedback where grain = 'month' and dimension = 'all'""",
    ),
    "adoption by month": (
        ["feature_eligible_users", "adoption_rate"], [MONTH, "adoption__feature_id"],
        """select period_start_date, feature_id, mature_eligible_count, adoption_rate
        from marts.mart_feature_adoption where grain = 'month'""",
    ),
    "clicks by position": (
        ["exposures", "click_through_rate"], [DAY, "content_position__position"],
        """select period_start_date, position, mature_exposure_count, click_rate
        from marts.mart_content_positions where grain = 'day'""",
    ),
    "first reviews": (
        ["reviewed_pieces", "first_pass_rate"], [MONTH],
        """select period_start_date, reviewed_count, first_pass_rate
        from marts.mart_content_supply where grain = 'month' and dimension = 'all'""",
    ),
    "referrals": (
        ["inviting_base", "invited_users", "k_factor"], [MONTH],
        """select period_start_date, active_user_count, mature_accepted_count, k_factor
        from marts.mart_referrals where grain = 'month'""",
    ),
    "retention of a cohort": (
        ["retention_returned_users", "retention_rate"],
        [DAY, "cohort__retention_id", "cohort__period_number"],
        """select cohort_start_date, retention_id, period_number, mature_returned_count,
            retention_rate
        from marts.mart_retention_cohorts
        where is_mature and cohort_start_date is not null and breakdown_value is null""",
    ),
    "retention of all cohorts": (
        ["retention_eligible_users", "retention_rate"],
        ["cohort__retention_id", "cohort__period_number"],
        """select retention_id, period_number, eligible_count, retention_rate
        from marts.mart_retention_cohorts
        where cohort_start_date is null and breakdown_value is null and eligible_count > 0""",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("metrics")
    settings = support.settings_of(folder)
    write_world(folder, seed=5, scale=0.3)
    support.ingest_raw(settings)
    selected = " ".join(f"+{name}" for name in sorted(TABLES))
    support.transform(settings, select=selected)
    nodes = [node for node in exposed_nodes(load_manifest()) if node["alias"] in TABLES]
    assert {node["alias"] for node in nodes} == TABLES
    publish(settings, [(node["schema"], node["alias"]) for node in nodes], "hash")
    return settings


@pytest.fixture(scope="module")
def asked(settings: Settings) -> Iterator[PublishedMetrics]:
    """MetricFlow, with nothing left of the warehouse but what is published."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import reset_adapters

    hidden = settings.warehouse.with_suffix(".hidden")
    settings.warehouse.rename(hidden)
    with support.environment_of(settings):
        yield published_metrics(settings)
        opened = DuckDBConnectionManager.env()
        reset_adapters()
        opened.close()
    hidden.rename(settings.warehouse)


def rows_of(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    """Of a copy: one process cannot open a file once more with other options than dbt's."""
    copy = settings.warehouse.with_name("copy.duckdb")
    if not copy.exists():
        shutil.copy(settings.publish_dir / "yunying.duckdb", copy)
    return [tuple(row.values()) for row in support.query(copy, sql)]


def plain(value: Any) -> Any:
    """A value as both sides can have it: days without a time, numbers of one kind."""
    if hasattr(value, "isoformat"):
        return value.isoformat()[:10]
    return float(value) if isinstance(value, (int, float, Decimal)) else value


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_metric_is_the_figure_of_the_mart(
    asked: PublishedMetrics, settings: Settings, question: str
) -> None:
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

    names, by, sql = QUESTIONS[question]
    answer = asked.mf.query(
        MetricFlowQueryRequest.create(metric_names=names, group_by_names=by)
    ).result_df
    assert answer is not None
    # Its columns come in an order of its own.
    order = [list(answer.column_names).index(name) for name in [*by, *names]]
    said = {tuple(plain(row[i]) for i in order) for row in answer.rows}
    marts = {tuple(map(plain, row)) for row in rows_of(settings, sql)}
    assert said == marts
    assert any(any(row[len(by) :]) for row in said)


def test_the_command_answers_without_the_warehouse_and_asks_nobody_on_the_network(
    asked: PublishedMetrics,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_up: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *names, **_: looked_up.append(names))
    path = tmp_path / "answer.csv"
    question = ["--metrics", "orders", "--group-by", MONTH, "--csv", str(path)]
    assert metrics.main(["query", *question]) == 0
    with path.open(encoding="utf-8") as file:
        answer = {row[MONTH][:10]: float(row["orders"]) for row in csv.DictReader(file)}
    marts = "select cast(period_start_date as text), order_count from marts.mart_sales_periods"
    assert answer == dict(rows_of(settings, f"{marts} where grain = 'month'"))
    assert looked_up == []


def test_every_metric_is_asked_here_or_is_a_part_of_one_that_is() -> None:
    known = {metric["name"]: metric for metric in load_manifest()["metrics"].values()}
    seen = {name for names, _, _ in QUESTIONS.values() for name in names}
    for name in list(seen):
        parts = known[name]["type_params"]
        inputs = [*(parts["metrics"] or []), parts["numerator"], parts["denominator"]]
        seen.update(part["name"] for part in inputs if part)
    assert seen == known.keys()


def test_a_metric_stands_on_what_is_published() -> None:
    published = {node["alias"] for node in exposed_nodes(load_manifest())}
    assert published >= TABLES


def test_there_is_nothing_to_ask_before_the_first_build(tmp_path: Path) -> None:
    with pytest.raises(MetricsError, match="make build"):
        published_metrics(support.settings_of(tmp_path))


# Sales by another road: day by day, from the events.
def test_sales_are_those_of_the_events(settings: Settings, asked: PublishedMetrics) -> None:
    hidden = settings.warehouse.with_suffix(".hidden")
    events = support.query(
        hidden,
        """select event_name as role, user_id, source_id || event_id as id, order_id,
            coalesce(amount, 0) as amount, event_date as day, occurred_at
        from facts.fct_events where event_name in ('order', 'refund')
        order by occurred_at, source_id, event_id""",
    )
    assert {event["role"] for event in events} == {"order", "refund"}
    orders: dict[str, dict[str, Any]] = {}
    for event in events:
        if event["role"] == "order":
            orders.setdefault(event["order_id"] or event["id"], event)
    money: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for event in events:
        order = orders.get(event["order_id"] or event["id"])
        if order is not None:
            money[event["role"], max(event["day"], order["day"])] += event["amount"]
    assert any(event["role"] == "refund" and event["day"] > orders[event["order_id"]]["day"]
               for event in events if event["order_id"] in orders)  # fmt: skip
    days = [row[0] for row in rows_of(settings, "from facts.dim_dates order by date_day")]
    for grain in ("day", "week", "month"):
        said = rows_of(
            settings,
            f"""select period_start_date, order_count, customer_count, new_customer_count,
                repeat_customer_count, gross_amount, refunded_amount
            from marts.mart_sales_periods where grain = '{grain}' order by all""",
        )
        starts = sorted({start_of(grain, day) for day in days})
        wanted = [counted(start, end, orders, money)
                  for start, end in pairwise([*starts, date.max])]  # fmt: skip
        assert said == wanted


def start_of(grain: str, day: date) -> date:
    if grain == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if grain == "month" else day


def counted(
    start: date,
    end: date,
    orders: dict[str, dict[str, Any]],
    money: dict[tuple[str, date], Decimal],
) -> tuple[Any, ...]:
    """What the mart should say of the days from `start` until before `end`."""
    within = [order for order in orders.values() if start <= order["day"] < end]
    before = {order["user_id"] for order in orders.values() if order["day"] < start}
    users = [order["user_id"] for order in within]
    moved = {
        role: sum((amount for (kind, day), amount in money.items()
                   if kind == role and start <= day < end), Decimal(0))
        for role in ("order", "refund")
    }  # fmt: skip
    return (
        start,
        len(users),
        len(set(users)),
        len(set(users) - before),
        len({user for user in users if user in before or users.count(user) > 1}),
        moved["order"],
        moved["refund"],
    )
