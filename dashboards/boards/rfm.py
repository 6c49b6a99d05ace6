"""Which customers are worth what, and where do they move?"""

from __future__ import annotations

from dashboards.board import GREEN, Board, Chart, Choice, Column, Grid, Table, Text
from dashboards.rules import RULES, glossary_link
from dashboards.specs import rows

_CUSTOMERS = Text("Customers", "客户数")
_SEGMENT = Text("Segment", "客群")
_VALUE = Text("Net amount ({currency})", "净金额（{currency}）")
_CUSTOMER_SHARE = Text("Share of customers", "客户占比")
_AMOUNT_SHARE = Text("Share of the amount", "金额占比")
_EACH = Text("Per customer ({currency})", "客均金额（{currency}）")
_SEGMENTS = """
    with segments as (
        select
            snapshot_date, segment_id,
            max(segment_label_en) as segment_en, max(segment_label_zh) as segment_zh,
            count(*) as customer_count, sum(monetary_amount) as monetary_amount,
            bool_and(is_mature) as is_mature
        from marts.mart_rfm_scores
        group by snapshot_date, segment_id
    )

    select
        *,
        customer_count / sum(customer_count) over snapshots as customer_share,
        monetary_amount / nullif(sum(monetary_amount) over snapshots, 0) as amount_share,
        cast(monetary_amount as double) / customer_count as amount_each,
        row_number() over (partition by snapshot_date order by {order} desc, segment_id) as place
    from segments
    window snapshots as (partition by snapshot_date)
    order by snapshot_date, place
"""

BOARD = Board(
    name="rfm",
    title=Text("RFM", "RFM 客户价值"),
    question=Text("Which customers are worth what, and where do they move?",
                  "哪些客户价值高，他们往哪里走？"),
    filters=(
        Choice(
            "snapshot_date",
            Text("Snapshot", "快照"),
            """
            select
                cast(snapshot_date as varchar) as value,
                snapshot_date || case when bool_and(is_mature) then '' else ' (not closed)' end
                    as label_en,
                snapshot_date || case when bool_and(is_mature) then '' else '（未完结）' end
                    as label_zh
            from marts.mart_rfm_scores
            group by snapshot_date
            order by not bool_and(is_mature), snapshot_date desc
            """,
        ),
    ),
    items=(
        Table(
            "segments",
            Text("Segments", "客群"),
            Text(
                "Customers: at least one order in the 365 days that end on the snapshot; their net "
                "amount in these days. R: how lately they ordered, F: how often, M: for how much; "
                "1 worst, 5 best.",
                "客户：截至快照日的 365 天内至少有一个订单；金额为这些天的净额。"
                "R：最近一次下单，F：下单次数，M：金额；1 最差，5 最好。",
            ),
            ("marts.mart_rfm_scores",),
            f"""
            select
                segments.*, rules.rule_en, rules.rule_zh,
                {glossary_link("seeds.dim_rfm_segment_labels", "segments.segment_id")} as glossary
            from ({_SEGMENTS.format(order="monetary_amount")}) as segments
            left join ({RULES["seeds.dim_rfm_segment_labels"]}) as rules
                on segments.segment_id = rules.segment_id
            order by segments.snapshot_date, segments.place
            """,
            columns=(
                Column("segment", _SEGMENT, link="glossary"),
                Column("customer_count", _CUSTOMERS, "count"),
                Column("customer_share", _CUSTOMER_SHARE, "rate"),
                Column("monetary_amount", _VALUE, "amount"),
                Column("amount_share", _AMOUNT_SHARE, "rate"),
                Column("amount_each", _EACH, "amount"),
                Column("rule", Text("Who is in it", "谁在其中")),
            ),
            is_wide=True,
        ),
        Chart(
            "customers",
            Text("Customers by segment", "各客群客户数"),
            Text("Customers of each segment.", "各客群的客户数。"),
            ("marts.mart_rfm_scores",),
            _SEGMENTS.format(order="customer_count"),
            rows(
                "segment",
                "customer_count",
                _CUSTOMERS,
                [("segment", _SEGMENT, None), ("customer_count", _CUSTOMERS, ",d"),
                 ("customer_share", _CUSTOMER_SHARE, ".1%"),
                 ("amount_share", _AMOUNT_SHARE, ".1%")],
                order="place",
                text="format(datum.customer_count, ',d') + ' · '"
                     " + format(datum.customer_share, '.1%')",
                beneath=Text("format(datum.amount_share, '.1%') + ' of the amount'",
                             "'金额占 ' + format(datum.amount_share, '.1%')"),
            ),
            look=Text(
                "Beside each bar their share of all; below that their share of the amount.",
                "旁边是占比；下面是他们的金额占比。",
            ),
        ),
        Chart(
            "value",
            Text("Value by segment", "各客群价值"),
            Text("Net amount of their orders.", "订单净金额。"),
            ("marts.mart_rfm_scores",),
            _SEGMENTS.format(order="monetary_amount"),
            rows(
                "segment",
                "monetary_amount",
                _VALUE,
                [("segment", _SEGMENT, None), ("monetary_amount", _VALUE, ",.2f"),
                 ("amount_share", _AMOUNT_SHARE, ".1%"), ("amount_each", _EACH, ",.2f"),
                 ("customer_count", _CUSTOMERS, ",d")],
                order="place",
                text="format(datum.monetary_amount, ',.0f') + ' · '"
                     " + format(datum.amount_share, '.1%')",
                beneath=Text("format(datum.amount_each, ',.2f') + ' per customer'",
                             "'客均 ' + format(datum.amount_each, ',.2f')"),
                colour=GREEN,
            ),
            look=Text(
                "Beside each bar its share of all; below that what one customer is worth.",
                "旁边是占比；下面是平均每个客户的金额。",
            ),
        ),
        Grid(
            "migrations",
            Text("Moves since the snapshot before", "与上一快照相比的流动"),
            Text(
                "A line is the segment before, a column the one now; the diagonal stayed. Dark: "
                "many customers.",
                "行是之前的客群，列是现在的客群；对角线是没有变化的客户。颜色越深人越多。",
            ),
            ("marts.mart_rfm_migrations",),
            """
            with labels as (
                select *, row_number() over () as place from seeds.dim_rfm_segment_labels
            )

            select
                moves.snapshot_date, moves.from_segment_id, moves.to_segment_id,
                coalesce(before.label_en, moves.from_segment_id, '(first bought)') as from_en,
                coalesce(before.label_zh, moves.from_segment_id, '（首次购买）') as from_zh,
                coalesce(now.label_en, moves.to_segment_id, '(lapsed)') as to_en,
                coalesce(now.label_zh, moves.to_segment_id, '（不再是客户）') as to_zh,
                coalesce(before.place, 99) as from_place,
                coalesce(now.place, 99) as to_place,
                moves.user_count, moves.is_mature
            from marts.mart_rfm_migrations as moves
            left join labels as before on moves.from_segment_id = before.segment_id
            left join labels as now on moves.to_segment_id = now.segment_id
            order by moves.snapshot_date, from_place, to_place
            """,
            row=Column("from", Text("From ↓ to →", "从 ↓ 到 →")),
            column=Column("to", Text("To", "到")),
            value=Column("user_count", _CUSTOMERS, "count"),
            row_order="from_place",
            column_order="to_place",
            is_wide=True,
            empty=Text("The first snapshot has none before it.", "第一个快照之前没有快照。"),
        ),
        Grid(
            "scores",
            Text("Recency and frequency", "最近一次购买与购买频次"),
            Text(
                "Customers by score, 1 worst to 5 best. Top right: they came lately, and often.",
                "按得分的客户数，1 最差、5 最好。右上角：最近来过，而且常来。",
            ),
            ("marts.mart_rfm_scores",),
            """
            select
                snapshot_date, r_score, f_score,
                'F' || f_score as f_name, 'R' || r_score as r_name, -f_score as f_place,
                count(*) as customer_count, bool_and(is_mature) as is_mature
            from marts.mart_rfm_scores
            group by snapshot_date, r_score, f_score
            order by snapshot_date, f_place, r_score
            """,
            row=Column("f_name", Text("Frequency ↓ recency →", "频次 ↓ 最近 →")),
            column=Column("r_name", Text("Recency", "最近一次")),
            value=Column("customer_count", _CUSTOMERS, "count"),
            row_order="f_place",
            column_order="r_score",
        ),
        Chart(
            "classes",
            Text("Eight classes", "八类客户"),
            Text(
                "High or low against the mean score of the snapshot, for recency, frequency and "
                "money.",
                "最近、频次、金额三项得分各与快照均值相比，分高低。",
            ),
            ("marts.mart_rfm_scores",),
            """
            with classes as (
                select
                    snapshot_date, class_8_id,
                    max(class_8_label_en) as class_en, max(class_8_label_zh) as class_zh,
                    count(*) as customer_count, sum(monetary_amount) as monetary_amount,
                    bool_and(is_mature) as is_mature
                from marts.mart_rfm_scores
                group by snapshot_date, class_8_id
            )

            select
                *,
                row_number() over (
                    partition by snapshot_date order by customer_count desc, class_8_id
                ) as place
            from classes
            order by snapshot_date, place
            """,
            rows(
                "class",
                "customer_count",
                _CUSTOMERS,
                [("class", Text("Class", "类别"), None), ("customer_count", _CUSTOMERS, ",d"),
                 ("monetary_amount", _VALUE, ",.2f")],
                order="place",
                text="format(datum.customer_count, ',d')",
            ),
        ),
        Grid(
            "history",
            Text("Segments, snapshot by snapshot", "各客群随时间的变化"),
            Text(
                "Customers of each segment at the end of each month; the newest two years.",
                "每个月末各客群的客户数；最近两年。",
            ),
            ("marts.mart_rfm_scores",),
            """
            with places as (
                select segment_id, row_number() over () as place
                from seeds.dim_rfm_segment_labels
            )

            select
                cast(scores.snapshot_date as varchar) as as_of,
                left(
                    cast(scores.snapshot_date as varchar),
                    case when bool_and(scores.is_mature) then 7 else 10 end
                ) as as_of_name,
                scores.segment_id,
                max(scores.segment_label_en) as segment_en,
                max(scores.segment_label_zh) as segment_zh,
                coalesce(max(places.place), 99) as place,
                count(*) as customer_count, bool_and(scores.is_mature) as is_mature
            from marts.mart_rfm_scores as scores
            left join places on scores.segment_id = places.segment_id
            where scores.snapshot_date > (
                select max(snapshot_date) - 760 from marts.mart_rfm_scores
            )
            group by scores.snapshot_date, scores.segment_id
            order by as_of, place
            """,
            row=Column("segment", _SEGMENT),
            column=Column("as_of_name", Text("Snapshot", "快照")),
            value=Column("customer_count", _CUSTOMERS, "count"),
            row_order="place",
            column_order="as_of",
            is_wide=True,
        ),
    ),
)  # fmt: skip
