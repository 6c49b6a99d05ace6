"""Where columns come from, as the SQL of a model says it."""

from __future__ import annotations

import pytest

from orchestration.transform.lineage import column_lineage, schema_of, scope_of

COLUMNS = {
    ("facts", "orders"): {"user_id": "text", "amount": "decimal", "day": "date"},
    ("facts", "refunds"): {"user_id": "text", "amount": "decimal"},
    ("seeds", "labels"): {"day": "date", "label": "text"},
}
AMOUNT = ("facts", "orders", "amount")


@pytest.mark.parametrize(
    ("sql", "wanted"),
    [
        (
            "with o as (select * from db.facts.orders), sums as (select day, sum(amount) as total"
            " from o group by day) select sums.day, total, label from sums"
            " left join db.seeds.labels as l on sums.day = l.day",
            {
                "day": [("facts", "orders", "day")],
                "total": [AMOUNT],
                "label": [("seeds", "labels", "label")],
            },
        ),
        (
            "select amount from db.facts.orders union all select -amount from db.facts.refunds",
            {"amount": [AMOUNT, ("facts", "refunds", "amount")]},
        ),
        (
            "select count(*) as n, max(1) as one from (select * from db.facts.orders) as o"
            " join db.seeds.labels as l on o.day = l.day where amount > 0",
            {"n": [("facts", "orders", "*")], "one": []},
        ),
        (
            "select (select max(r.amount) from db.facts.refunds as r where r.user_id = o.user_id)"
            " as most, lag(amount) over (partition by user_id order by day) as before"
            " from db.facts.orders as o",
            {"most": [("facts", "refunds", "amount")], "before": [AMOUNT]},
        ),
        (
            "with recursive r as (select amount from db.facts.orders union all"
            " select amount + 1 from r where amount < 9) select amount from r",
            {"amount": [AMOUNT]},
        ),
        (
            "select part from db.facts.orders as o"
            " cross join unnest(string_split(o.user_id, '-')) as t(part)",
            {"part": [("facts", "orders", "user_id")]},
        ),
        ("select no sense from", {}),
    ],
    ids=["through steps", "united", "rows", "inner queries", "recursive", "unnested", "unreadable"],
)
def test_columns_are_followed_to_tables(sql: str, wanted: dict[str, object]) -> None:
    assert column_lineage(scope_of(sql, schema_of(COLUMNS, "db"))) == wanted
