"""What do people do next, and what did they do before?"""

from __future__ import annotations

from dashboards.board import Board, Chart, Choice, Column, Series, Table, Text
from dashboards.specs import SERIES

ITEMS_SHOWN = 8
"""Items at a position of the flow, the most frequent ones; the others are one."""
SEQUENCES_SHOWN = 50
_ITEM = Text("Item", "项目")
_NEXT = Text("Then", "之后")
_TIMES = Text("Times", "次数")
_USERS = Text("Users", "用户数")
_OF = Text("Of", "总数")
_SHARE = Text("Share", "占比")

# An item that is an event is called as the tracking plan calls it.
_LABELS = """
    labels as (
        select map_from_entries(list((event_name, label_en))) as en,
            map_from_entries(list((event_name, label_zh))) as zh
        from seeds.dim_event_names where label_en is not null and label_zh is not null
    )
"""


def _named(item: str, language: str) -> str:
    """An item in words: an event's label, the others that are one, or the item itself."""
    other = {"en": "(others)", "zh": "（其他）"}[language]
    return (
        f"case when {item} = 'Other' then '{other}'"
        f" else coalesce(element_at(labels.{language}, {item})[1], {item}) end"
    )


# Nodes stand at their position, one on the other by size; an edge leaves its node, and enters
# the next one, in the order of where it leads, and of where it is from.
_FLOW = f"""
    with items as (
        select path_id, source_position as position, source_item as item,
            sum(occurrence_count) as occurrence_count
        from marts.mart_path_edges group by all
        union all
        select path_id, target_position, target_item, sum(occurrence_count)
        from marts.mart_path_edges group by all
    ),

    ranked as (
        select path_id, position, item, max(occurrence_count) as occurrence_count,
            row_number() over (
                partition by path_id, position
                order by item = 'Other', max(occurrence_count) desc, item
            ) as place
        from items group by path_id, position, item
    ),

    kept as (
        select path_id, position, item,
            case when place <= {ITEMS_SHOWN} then item else 'Other' end as kept_item
        from ranked
    ),

    edges as (
        select edges.path_id, edges.source_position, sources.kept_item as source_item,
            targets.kept_item as target_item,
            sum(edges.occurrence_count) as occurrence_count,
            sum(edges.mature_occurrence_count) as mature_occurrence_count
        from marts.mart_path_edges as edges
        inner join kept as sources on edges.path_id = sources.path_id
            and edges.source_position = sources.position and edges.source_item = sources.item
        inner join kept as targets on edges.path_id = targets.path_id
            and edges.target_position = targets.position and edges.target_item = targets.item
        group by all
    ),

    nodes as (
        select path_id, position, item, max(occurrence_count) as occurrence_count
        from (
            select path_id, source_position as position, source_item as item,
                sum(occurrence_count) as occurrence_count
            from edges group by all
            union all
            select path_id, source_position + 1, target_item, sum(occurrence_count)
            from edges group by all
        )
        group by path_id, position, item
    ),

    stacked as (
        select *,
            sum(occurrence_count) over positions - occurrence_count as low,
            sum(occurrence_count) over positions as high
        from nodes
        window positions as (
            partition by path_id, position
            order by item = 'Other', occurrence_count desc, item
        )
    ),

    places as (
        select path_id, item,
            row_number() over (
                partition by path_id order by item = 'Other', sum(occurrence_count) desc, item
            ) as place
        from nodes group by path_id, item
    ),

    bands as (
        select edges.*,
            sources.low + sum(edges.occurrence_count) over (
                partition by edges.path_id, edges.source_position, edges.source_item
                order by targets.low
            ) as source_high,
            targets.low + sum(edges.occurrence_count) over (
                partition by edges.path_id, edges.source_position, edges.target_item
                order by sources.low
            ) as target_high,
            sum(edges.occurrence_count) over (
                partition by edges.path_id, edges.source_position, edges.source_item
            ) as going_on_count
        from edges
        inner join stacked as sources on edges.path_id = sources.path_id
            and edges.source_position = sources.position and edges.source_item = sources.item
        inner join stacked as targets on edges.path_id = targets.path_id
            and edges.source_position + 1 = targets.position and edges.target_item = targets.item
    ),

    {_LABELS}

    select
        bands.path_id, 'edge' as kind, bands.source_position as position,
        bands.source_item as item_id, {_named("bands.source_item", "en")} as item_en,
        {_named("bands.source_item", "zh")} as item_zh,
        {_named("bands.target_item", "en")} as next_en,
        {_named("bands.target_item", "zh")} as next_zh,
        bands.occurrence_count, nodes.occurrence_count as item_count,
        bands.occurrence_count / nodes.occurrence_count as item_share, places.place,
        bands.source_high - bands.occurrence_count as low, bands.source_high as high,
        bands.target_high - bands.occurrence_count as next_low, bands.target_high as next_high
    from bands
    inner join nodes on bands.path_id = nodes.path_id
        and bands.source_position = nodes.position and bands.source_item = nodes.item
    inner join places on bands.path_id = places.path_id and bands.source_item = places.item
    cross join labels
    union all
    select
        stacked.path_id, 'node', stacked.position, stacked.item,
        {_named("stacked.item", "en")}, {_named("stacked.item", "zh")}, null, null,
        stacked.occurrence_count, sum(stacked.occurrence_count) over positions,
        stacked.occurrence_count / sum(stacked.occurrence_count) over positions, places.place,
        stacked.low, stacked.high, null, null
    from stacked
    inner join places on stacked.path_id = places.path_id and stacked.item = places.item
    cross join labels
    window positions as (partition by stacked.path_id, stacked.position)
    order by path_id, kind, position, low
"""

_ITEMS = Series("item_id", "item", order="place")
_MIDDLE = "(datum.low + datum.high) / 2"
_WHERE = {"x": {"field": "left", "type": "quantitative"}, "x2": {"field": "right"}}
_FLOW_TOOLTIP = [
    {"field": "item", "title": _ITEM},
    {"field": "next", "title": _NEXT},
    {"field": "occurrence_count", "title": _TIMES, "format": "count"},
    {"field": "item_count", "title": _OF, "format": "count"},
    {"field": "item_share", "title": _SHARE, "format": "rate"},
]
_FLOW_SPEC = {
    "encoding": {"tooltip": _FLOW_TOOLTIP},
    "layer": [
        {
            "transform": [
                {"filter": "datum.kind === 'edge'"},
                {"calculate": "sequence(0, 1.01, 0.05)", "as": "steps"},
                {"flatten": ["steps"], "as": ["step"]},
                {"calculate": "datum.position + 0.03 + 0.97 * datum.step", "as": "at"},
                {"calculate": "datum.step * datum.step * (3 - 2 * datum.step)", "as": "way"},
                {"calculate": "datum.low + (datum.next_low - datum.low) * datum.way", "as": "from"},
                {"calculate": "datum.high + (datum.next_high - datum.high) * datum.way",
                 "as": "to"},
            ],
            "mark": {"type": "area", "opacity": 0.35},
            "encoding": {
                "x": {
                    "field": "at",
                    "type": "quantitative",
                    "scale": {"nice": False, "zero": False},
                    "axis": {
                        "title": None, "tickMinStep": 1, "grid": False, "domain": False,
                        "ticks": False, "format": "d",
                        "labelExpr": Text(
                            "datum.value ? datum.label : 'start'",
                            "datum.value ? datum.label : '起点'",
                        ),
                    },
                },
                "y": {"field": "from", "type": "quantitative", "axis": None,
                      "scale": {"reverse": True, "nice": False}},
                "y2": {"field": "to"},
                "detail": [{"field": "position"}, {"field": "next"}],
                "color": {"field": "item", "type": "nominal", "scale": SERIES, "legend": None},
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
                **_WHERE,
                "y": {"field": "low", "type": "quantitative"},
                "y2": {"field": "high"},
                "color": {"field": "item", "type": "nominal", "scale": SERIES, "legend": None},
            },
        },
        {
            "transform": [
                {"filter": "datum.kind === 'node' && datum.item_share >= 0.04"},
                {"calculate": "datum.position + 0.04", "as": "left"},
                {"calculate": "datum.position + 0.8", "as": "right"},
                {"calculate": _MIDDLE, "as": "middle"},
                # A word a line on a phone.
                {"calculate": "split((width < 560 ? replace(datum.item, / /g, '\\n') : datum.item)"
                              " + '\\n' + format(datum.occurrence_count, ',d'), '\\n')",
                 "as": "words"},
            ],
            # A line that is not seen makes room for the words behind the last item.
            "layer": [
                {"mark": {"type": "rule", "opacity": 0, "tooltip": None},
                 "encoding": {**_WHERE, "y": {"field": "middle", "type": "quantitative"}}},
                {
                    "mark": {"type": "text", "align": "left", "baseline": "middle", "dx": 3,
                             "fontSize": {"expr": "width < 560 ? 10 : 12"},
                             "limit": {"expr": "0.9 * width / (domain('x')[1] - domain('x')[0])"}},
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

BOARD = Board(
    name="paths",
    title=Text("Paths", "路径"),
    question=Text("What do people do next, and what before?", "人们接下来做什么，之前做了什么？"),
    filters=(
        Choice(
            "path_id",
            Text("Path", "路径"),
            "select path_id as value, label_en, label_zh from seeds.dim_paths order by row_number",
        ),
    ),
    items=(
        Chart(
            "flow",
            Text("From one to the next", "从一个到下一个"),
            Text(
                f"From left to right: the start, and what came first, second, third. A band is as "
                f"thick as often as it was taken; where it ends, nothing more came. At each place "
                f"the {ITEMS_SHOWN} most frequent; all so far, those not over yet too.",
                f"从左到右：起点，以及其后第一、第二、第三个。色带越粗，走的次数越多；"
                f"断开处之后再没有了。每个位置取最常见的 {ITEMS_SHOWN} 个；"
                f"是至今的全部，包括尚未结束的。",
            ),
            ("marts.mart_path_edges",),
            _FLOW,
            _FLOW_SPEC,
            _ITEMS,
            380,
            is_wide=True,
        ),
        Table(
            "sequences",
            Text("The most frequent sequences", "最常见的序列"),
            Text(
                f"Whole sequences, in the order of time. Share: of all that are over. The "
                f"{SEQUENCES_SHOWN} most frequent.",
                f"完整的序列，按时间顺序。占比：占所有已结束的。最常见的 {SEQUENCES_SHOWN} 条。",
            ),
            ("marts.mart_path_sequences",),
            f"""
            with {_LABELS},

            ranked as (
                select *, row_number() over (
                    partition by path_id
                    order by mature_occurrence_count desc, occurrence_count desc, sequence_key
                ) as place
                from marts.mart_path_sequences
            )

            select
                path_id, place,
                array_to_string(list_transform(
                    string_split(item_sequence, ' > '), item -> {_named("item", "en")}
                ), ' → ') as sequence_en,
                array_to_string(list_transform(
                    string_split(item_sequence, ' > '), item -> {_named("item", "zh")}
                ), ' → ') as sequence_zh,
                mature_occurrence_count, mature_path_occurrence_count, occurrence_rate, user_count
            from ranked cross join labels
            where place <= {SEQUENCES_SHOWN}
            order by path_id, place
            """,
            columns=(
                Column("place", Text("#", "#"), "count"),
                Column("sequence", Text("Sequence", "序列")),
                Column("occurrence_rate", _SHARE, "rate"),
                Column("mature_occurrence_count", _TIMES, "count"),
                Column("mature_path_occurrence_count", _OF, "count"),
                Column("user_count", _USERS, "count"),
            ),
            is_wide=True,
        ),
        Table(
            "edges",
            Text("What comes next", "接下来是什么"),
            Text(
                "Of all that had the item at this place (0: the start) and are over: how many went "
                "on to which, and how long it took.",
                "在该位置（0：起点）有此项目且已结束的次数中：多少次走向哪里，用了多久。",
            ),
            ("marts.mart_path_edges",),
            f"""
            with {_LABELS},

            ranked as (
                select *, row_number() over (
                    partition by path_id
                    order by source_position, mature_source_count desc, source_item,
                        mature_occurrence_count desc, target_item
                ) as place
                from marts.mart_path_edges
            )

            select
                path_id, source_position,
                {_named("source_item", "en")} as item_en, {_named("source_item", "zh")} as item_zh,
                {_named("target_item", "en")} as next_en, {_named("target_item", "zh")} as next_zh,
                rate_from_source, mature_occurrence_count, mature_source_count, user_count,
                mean_seconds
            from ranked cross join labels
            where place <= 100
            order by path_id, place
            """,
            columns=(
                Column("source_position", Text("Place", "位置"), "count"),
                Column("item", _ITEM),
                Column("next", _NEXT),
                Column("rate_from_source", _SHARE, "rate"),
                Column("mature_occurrence_count", _TIMES, "count"),
                Column("mature_source_count", _OF, "count"),
                Column("user_count", _USERS, "count"),
                Column("mean_seconds", Text("Mean time", "平均用时"), "duration"),
            ),
            is_wide=True,
        ),
    ),
)  # fmt: skip
