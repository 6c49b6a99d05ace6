"""What do people do next, and what did they do before?"""

from __future__ import annotations

from dashboards.board import Board, Chart, Choice, Column, Series, Table, Text
from dashboards.flow import layout, spec

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
            sum(edges.occurrence_count) as occurrence_count
        from marts.mart_path_edges as edges
        inner join kept as sources on edges.path_id = sources.path_id
            and edges.source_position = sources.position and edges.source_item = sources.item
        inner join kept as targets on edges.path_id = targets.path_id
            and edges.target_position = targets.position and edges.target_item = targets.item
        group by all
    ),

    {layout("path_id", "item = 'Other'")},

    places as (
        select path_id, item,
            row_number() over (
                partition by path_id order by item = 'Other', sum(occurrence_count) desc, item
            ) as place
        from nodes group by path_id, item
    ),

    {_LABELS}

    select
        flow.*, places.place,
        {_named("flow.item_id", "en")} as item_en, {_named("flow.item_id", "zh")} as item_zh,
        {_named("flow.next_id", "en")} as next_en, {_named("flow.next_id", "zh")} as next_zh
    from flow
    inner join places on flow.path_id = places.path_id and flow.item_id = places.item
    cross join labels
    order by flow.path_id, flow.kind, flow.position, flow.low
"""

_ITEMS = Series("item_id", "item", order="place")
_FLOW_SPEC = spec(
    [("item", _ITEM, None), ("next", _NEXT, None), ("occurrence_count", _TIMES, "count"),
     ("item_count", _OF, "count"), ("item_share", _SHARE, "rate")],
    Text("datum.value ? datum.label : 'start'", "datum.value ? datum.label : '起点'"),
)  # fmt: skip

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
