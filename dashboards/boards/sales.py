"""What is sold, to whom, and do customers come again?"""

from __future__ import annotations

from dashboards.board import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    Board,
    Chart,
    Column,
    Period,
    Series,
    Table,
    Text,
    Tile,
    Tiles,
)
from dashboards.boards.shared import DAYS_SHOWN, grain, newest, so_many_of
from dashboards.specs import columns, lines

_MART = "marts.mart_sales_periods"
_FROM = Text("Period from", "起始日期")
_ORDERS = Text("Orders", "订单数")
_CUSTOMERS = Text("Customers", "下单用户")
_REPEAT = Text("Customers who came again", "复购用户")
_RATE = Text("Repeat rate", "复购率")
_GROSS = Text("Gross amount ({currency})", "订单金额（{currency}）")
_REFUNDED = Text("Refunded ({currency})", "退款（{currency}）")
_NET = Text("Net amount ({currency})", "净额（{currency}）")
_ORDER_VALUE = Text("Gross amount of an order ({currency})", "每单金额（{currency}）")
_MONEY = Series(
    "measure",
    "measure_name",
    labels={
        "gross_amount": Text("Gross", "订单金额"),
        "net_amount": Text("Net", "净额"),
        "refunded_amount": Text("Refunded", "退款"),
    },
    colours=(GREY, BLUE, ORANGE),
)
_WHO = Series(
    "measure",
    "measure_name",
    labels={
        "earlier_customer_count": Text("Ordered before", "以前下过单"),
        "new_customer_count": Text("First order ever", "首次下单"),
    },
    colours=(BLUE, GREEN),
)
_PERIODS = f"""
    select
        *, customer_count - new_customer_count as earlier_customer_count,
        gross_amount / nullif(order_count, 0) as gross_amount_per_order
    from {_MART}
    where {newest(_MART, "period_start_date", DAYS_SHOWN)}
"""

BOARD = Board(
    name="sales",
    title=Text("Sales", "销售"),
    question=Text("What is sold, and do customers come again?", "卖了多少，客户会再来吗？"),
    filters=(Period(180), grain("week", "day", "month")),
    items=(
        Tiles(
            "kpis",
            Text("The last whole period", "最近一个完整的周期"),
            Text(
                "Money counts when it moved: a refund lowers its own day, not that of the order.",
                "金额算在变动的那一天：退款减少的是退款当天，不是下单当天。",
            ),
            (_MART,),
            f"""
            select
                grain, period_start_date, order_count, customer_count, new_customer_count,
                gross_amount, refunded_amount, net_amount, repeat_rate, repeat_customer_count,
                {so_many_of("repeat_customer_count", "customer_count", "repeated")},
                gross_amount_per_order, is_mature
            from ({_PERIODS})
            order by grain, period_start_date
            """,
            tiles=(
                Tile("order_count", _ORDERS),
                Tile("gross_amount", _GROSS, "amount"),
                Tile("refunded_amount", _REFUNDED, "amount"),
                Tile("net_amount", _NET, "amount"),
                Tile("customer_count", _CUSTOMERS),
                Tile("new_customer_count", Text("of them, first order ever", "其中首次下单")),
                Tile("repeat_rate", _RATE, "rate", note="repeated"),
                Tile("gross_amount_per_order", _ORDER_VALUE, "amount"),
            ),
            look=Text(
                "Below each figure: the one of a week before, of a month the one of the month "
                "before.",
                "数字下面是一周前的，按月则是上月的。",
            ),
            day="period_start_date",
            is_wide=True,
        ),
        Chart(
            "money",
            Text("Gross, net, refunded", "订单金额、净额、退款"),
            Text(
                "Net = gross - refunded, each in the period in which the money moved.",
                "净额 = 订单金额 - 退款，各算在金额变动的周期。",
            ),
            (_MART,),
            f"""
            select grain, period_start_date, measure, amount, order_count, is_mature
            from (
                unpivot ({_PERIODS}) on gross_amount, net_amount, refunded_amount
                into name measure value amount
            )
            order by grain, period_start_date
            """,
            lines(
                "period_start_date",
                "amount",
                Text("Amount ({currency})", "金额（{currency}）"),
                [("period_start_date", _FROM, None), ("measure_name", Text("What", "项目"), None),
                 ("amount", Text("Amount", "金额"), ",.2f"), ("order_count", _ORDERS, ",d")],
                series=_MONEY,
                number=",.0f",
            ),
            _MONEY,
            day="period_start_date",
            is_wide=True,
        ),
        Chart(
            "orders",
            _ORDERS,
            Text("Orders that were made in the period.", "周期内下的订单。"),
            (_MART,),
            f"""
            select grain, period_start_date, order_count, customer_count, is_mature
            from ({_PERIODS}) order by grain, period_start_date
            """,
            lines(
                "period_start_date",
                "order_count",
                _ORDERS,
                [("period_start_date", _FROM, None), ("order_count", _ORDERS, ",d"),
                 ("customer_count", _CUSTOMERS, ",d")],
            ),
            day="period_start_date",
        ),
        Chart(
            "customers",
            Text("Who orders", "谁在下单"),
            Text(
                "The whole column is everybody with an order in the period, each once.",
                "整根柱子是周期内下过单的所有人，每人只算一次。",
            ),
            (_MART,),
            f"""
            select grain, period_start_date, measure, user_count, customer_count, is_mature
            from (
                unpivot ({_PERIODS}) on earlier_customer_count, new_customer_count
                into name measure value user_count
            )
            order by grain, period_start_date
            """,
            columns(
                "period_start_date",
                "user_count",
                _CUSTOMERS,
                [("period_start_date", _FROM, None), ("measure_name", Text("Who", "谁"), None),
                 ("user_count", Text("Of them", "其中"), ",d"),
                 ("customer_count", _CUSTOMERS, ",d")],
                series=_WHO,
            ),
            _WHO,
            day="period_start_date",
        ),
        Chart(
            "repeat",
            _RATE,
            Text(
                "Of everybody with an order in the period, those with one that is not their "
                "first. A longer period has a higher rate.",
                "周期内下过单的人中，其中有一单不是其首单的比例。周期越长，比例越高。",
            ),
            (_MART,),
            f"""
            select
                grain, period_start_date, repeat_rate, repeat_customer_count, customer_count,
                is_mature
            from ({_PERIODS}) order by grain, period_start_date
            """,
            lines(
                "period_start_date",
                "repeat_rate",
                _RATE,
                [("period_start_date", _FROM, None), ("repeat_rate", _RATE, ".1%"),
                 ("repeat_customer_count", _REPEAT, ",d"), ("customer_count", _CUSTOMERS, ",d")],
                number=".0%",
                beneath="customer_count",
            ),
            day="period_start_date",
        ),
        Chart(
            "order_value",
            Text("What an order is worth", "每单金额"),
            Text(
                "Gross amount of the period / its orders, refunds not taken off.",
                "周期内的订单金额 / 订单数，未扣退款。",
            ),
            (_MART,),
            f"""
            select
                grain, period_start_date, gross_amount_per_order, gross_amount, order_count,
                is_mature
            from ({_PERIODS}) order by grain, period_start_date
            """,
            lines(
                "period_start_date",
                "gross_amount_per_order",
                _ORDER_VALUE,
                [("period_start_date", _FROM, None),
                 ("gross_amount_per_order", _ORDER_VALUE, ",.2f"),
                 ("gross_amount", _GROSS, ",.2f"), ("order_count", _ORDERS, ",d")],
                number=",.0f",
                beneath="order_count",
            ),
            day="period_start_date",
        ),
        Table(
            "periods",
            Text("Period by period", "逐期数据"),
            Text("The newest first.", "最近的在前。"),
            (_MART,),
            f"""
            select
                grain, period_start_date, cast(period_start_date as varchar)
                || case when is_mature then '' else ' (not closed)' end as period_en,
                cast(period_start_date as varchar)
                || case when is_mature then '' else '（未完结）' end as period_zh,
                order_count, gross_amount, refunded_amount, net_amount, customer_count,
                new_customer_count, repeat_customer_count, repeat_rate, is_mature
            from ({_PERIODS}) order by grain, period_start_date desc
            """,
            columns=(
                Column("period", _FROM),
                Column("order_count", _ORDERS, "count"),
                Column("gross_amount", _GROSS, "amount"),
                Column("refunded_amount", _REFUNDED, "amount"),
                Column("net_amount", _NET, "amount"),
                Column("customer_count", _CUSTOMERS, "count"),
                Column("new_customer_count", Text("First order ever", "首次下单"), "count"),
                Column("repeat_customer_count", _REPEAT, "count"),
                Column("repeat_rate", _RATE, "rate"),
            ),
            day="period_start_date",
            is_wide=True,
        ),
    ),
)  # fmt: skip
