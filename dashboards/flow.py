"""A Sankey diagram: what comes after what, in columns; a band is as thick as it is frequent.

`layout` places items and bands by SQL, `spec` draws the rows. Rows of kind `node` are items, of
kind `edge` bands: `position` (0: the first column), `item`, `next` and `place` (its colour),
`occurrence_count`, `item_count` and `item_share` in words, `low` to `high` where it stands, a
band's `next_low` to `next_high` where it arrives.
"""

from __future__ import annotations

from dashboards.board import Text
from dashboards.specs import SERIES, Spec, Tooltip


def layout(by: str, rank: str) -> str:
    """CTEs that lay out `edges`: columns `by`, `source_position`, `source_item`, `target_item`
    and `occurrence_count`. The last, `flow`, has `by` and what is said above, items by id.

    Items stand at their position, one on the other by `rank`, then by size; an edge leaves its
    item, and enters the next one, in the order of where it leads, and of where it is from.
    """
    return f"""
    nodes as (
        select {by}, position, item, max(occurrence_count) as occurrence_count
        from (
            select {by}, source_position as position, source_item as item,
                sum(occurrence_count) as occurrence_count
            from edges group by all
            union all
            select {by}, source_position + 1, target_item, sum(occurrence_count)
            from edges group by all
        )
        group by {by}, position, item
    ),

    stacked as (
        select *,
            sum(occurrence_count) over in_order as high,
            sum(occurrence_count) over in_order - occurrence_count as low,
            sum(occurrence_count) over positions as position_count
        from nodes
        window positions as (partition by {by}, position), in_order as (
            partition by {by}, position order by {rank}, occurrence_count desc, item
        )
    ),

    ends as (
        select edges.*, sources.low as source_low, targets.low as target_low,
            sources.occurrence_count as source_count
        from edges
        inner join stacked as sources using ({by})
        inner join stacked as targets using ({by})
        where edges.source_position = sources.position and edges.source_item = sources.item
            and edges.source_position + 1 = targets.position and edges.target_item = targets.item
    ),

    bands as (
        select *,
            source_low + sum(occurrence_count) over (
                partition by {by}, source_position, source_item order by target_low
            ) as high,
            target_low + sum(occurrence_count) over (
                partition by {by}, source_position, target_item order by source_low
            ) as next_high
        from ends
    ),

    flow as (
        select {by}, 'edge' as kind, source_position as position, source_item as item_id,
            target_item as next_id, occurrence_count, source_count as item_count,
            occurrence_count / source_count as item_share,
            high - occurrence_count as low, high,
            next_high - occurrence_count as next_low, next_high
        from bands
        union all
        select {by}, 'node', position, item, null, occurrence_count, position_count,
            occurrence_count / position_count, low, high, null, null
        from stacked
    )
    """


def spec(tooltip: Tooltip, columns: Text) -> Spec:
    """Bands, items and their words. `columns` is the expression of a column's label."""
    middle = "(datum.low + datum.high) / 2"
    where = {"x": {"field": "left", "type": "quantitative"}, "x2": {"field": "right"}}
    colour = {"field": "item", "type": "nominal", "scale": SERIES, "legend": None}
    axis = {"title": None, "tickMinStep": 1, "grid": False, "domain": False, "ticks": False,
            "format": "d", "labelExpr": columns}  # fmt: skip
    told = [
        {"field": name, "title": title, **({"format": number} if number else {})}
        for name, title, number in tooltip
    ]
    return {
        "encoding": {"tooltip": told},
        "layer": [
            {
                "transform": [
                    {"filter": "datum.kind === 'edge'"},
                    {"calculate": "sequence(0, 1.01, 0.05)", "as": "steps"},
                    {"flatten": ["steps"], "as": ["step"]},
                    {"calculate": "datum.position + 0.03 + 0.97 * datum.step", "as": "at"},
                    {"calculate": "datum.step * datum.step * (3 - 2 * datum.step)", "as": "way"},
                    {"calculate": "datum.low + (datum.next_low - datum.low) * datum.way",
                     "as": "from"},
                    {"calculate": "datum.high + (datum.next_high - datum.high) * datum.way",
                     "as": "to"},
                ],
                "mark": {"type": "area", "opacity": 0.35},
                "encoding": {
                    "x": {"field": "at", "type": "quantitative", "axis": axis,
                          "scale": {"nice": False, "zero": False}},
                    "y": {"field": "from", "type": "quantitative", "axis": None,
                          "scale": {"reverse": True, "nice": False}},
                    "y2": {"field": "to"},
                    "detail": [{"field": "position"}, {"field": "next"}],
                    "color": colour,
                },
            },
            {
                "transform": [
                    {"filter": "datum.kind === 'node'"},
                    {"calculate": "datum.position", "as": "left"},
                    {"calculate": "datum.position + 0.03", "as": "right"},
                ],
                "mark": {"type": "rect", "stroke": "white"},
                "encoding": {
                    **where,
                    "y": {"field": "low", "type": "quantitative"},
                    "y2": {"field": "high"},
                    "color": colour,
                },
            },
            {
                "transform": [
                    {"filter": "datum.kind === 'node' && datum.item_share >= 0.04"
                               " && (width >= 560 || datum.item_share >= 0.1)"},
                    {"calculate": "datum.position + 0.04", "as": "left"},
                    {"calculate": "datum.position + 0.8", "as": "right"},
                    {"calculate": middle, "as": "middle"},
                    # A word a line on a phone, all in one where an item is low.
                    {"calculate": "split((width < 560 ? replace(datum.item, / /g, '\\n')"
                                  " : datum.item) + (datum.item_share < 0.1 ? ' · ' : '\\n')"
                                  " + format(datum.occurrence_count, ',d'), '\\n')",
                     "as": "words"},
                ],
                # A line that is not seen makes room for the words behind the last item.
                "layer": [
                    {"mark": {"type": "rule", "opacity": 0, "tooltip": None},
                     "encoding": {**where, "y": {"field": "middle", "type": "quantitative"}}},
                    {
                        "mark": {
                            "type": "text", "align": "left", "baseline": "middle", "dx": 3,
                            "fontSize": {"expr": "width < 560 ? 10 : 12"},
                            "limit": {"expr": "0.9 * width / (domain('x')[1] - domain('x')[0])"},
                        },
                        "encoding": {
                            "x": {"field": "left", "type": "quantitative"},
                            "y": {"field": "middle", "type": "quantitative"},
                            "text": {"field": "words"},
                        },
                    },
                ],
            },
        ],
    }  # fmt: skip
