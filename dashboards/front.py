"""The front page: the KPIs, whom to write to, and the figures of the day, with which the summary
that ends `make run` ends too.

The day is the last whole one: the last that is ripe. Boards show the same one at first.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import duckdb

from dashboards.board import Board, Text, Tile, Tiles
from dashboards.boards.audiences import FRONT_WHOM
from dashboards.boards.kpis import STAR, answer, moved, tree
from dashboards.boards.shared import newest, so_many_of

_NET = Text("Net amount ({currency})", "净额（{currency}）")
_ORDERS = Text("Orders", "订单数")
_NEW = Text("New users", "新增用户")


def _figures(grain: str) -> str:
    return f"""
        select
            growth.period_start_date, growth.grain, growth.active_user_count,
            growth.new_user_count, growth.retained_user_count,
            growth.retained_user_count + growth.churned_user_count as earlier_user_count,
            growth.retained_user_count / nullif(
                growth.retained_user_count + growth.churned_user_count, 0
            ) as return_rate,
            {
        so_many_of(
            "growth.retained_user_count",
            "growth.retained_user_count + growth.churned_user_count",
            "returned",
        )
    },
            sales.order_count, sales.net_amount, growth.is_mature
        from marts.mart_growth_accounting as growth
        left join marts.mart_sales_periods as sales
            on growth.grain = sales.grain and growth.period_start_date = sales.period_start_date
        where growth.grain = '{grain}' and growth.activity_id = 'any'
            and {newest("marts.mart_growth_accounting", "growth.period_start_date", 30)}
        order by growth.period_start_date
    """


_MARTS = ("marts.mart_growth_accounting", "marts.mart_sales_periods")
DAY = Tiles(
    "day",
    Text("The last whole day", "最近一个完整的日期"),
    Text("Below each figure: the same weekday a week before.", "每个数字下面：一周前的同一天。"),
    _MARTS,
    _figures("day"),
    tiles=(
        Tile("active_user_count", Text("Active users (DAU)", "日活跃用户 DAU")),
        Tile("new_user_count", _NEW),
        Tile("order_count", _ORDERS),
        Tile("net_amount", _NET, "amount"),
    ),
    day="period_start_date",
    is_wide=True,
)
WEEK = Tiles(
    "week",
    Text("The last whole week", "最近一个完整的周"),
    Text(
        "Below each figure: the week before. Came back: of who was active in the week before, "
        "those who were active in this one too.",
        "每个数字下面：前一周。回访率：前一周活跃的用户中，这一周也活跃的比例。",
    ),
    _MARTS,
    _figures("week"),
    tiles=(
        Tile("active_user_count", Text("Active users (WAU)", "周活跃用户 WAU")),
        Tile("new_user_count", _NEW),
        Tile("order_count", _ORDERS),
        Tile("net_amount", _NET, "amount"),
        Tile("return_rate", Text("Came back", "回访率"), "rate", note="returned"),
    ),
    day="period_start_date",
    is_wide=True,
)  # fmt: skip

_OF_LEADERS = "month"
_STAR_OF_LEADERS = f"{STAR} and grain = '{_OF_LEADERS}'"
FRONT = Board(
    name="index",
    title=Text("Start here", "从这里开始"),
    question=Text("How did it go?", "情况如何？"),
    filters=(),
    items=(
        answer(_STAR_OF_LEADERS),
        FRONT_WHOM,
        tree(f"grain = '{_OF_LEADERS}'"),
        moved("driver", _STAR_OF_LEADERS, comparison="comparison = 'previous'"),
        moved("segment", _STAR_OF_LEADERS, comparison="comparison = 'previous'"),
        DAY,
        WEEK,
    ),
)


def shown(connection: duckdb.DuckDBPyConnection, item: Tiles) -> list[dict[str, Any]]:
    """The rows that its tiles show: of the last ripe day, and of the one 7 days before.

    Either may be missing.
    """
    cursor = connection.execute(item.sql)
    names = [column[0] for column in cursor.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    ripe = [row for row in rows if row["is_mature"]]
    days = {row[item.day]: row for row in ripe}
    last = max(days, default=None)
    return [days[day] for day in (last, last and last - timedelta(7)) if day in days]
