"""Can the figures be trusted today?"""

from __future__ import annotations

from dashboards.board import (
    BLUE,
    GREY,
    RED,
    Board,
    Chart,
    Choice,
    Column,
    Period,
    Table,
    Text,
    Tile,
    Tiles,
)
from dashboards.boards.shared import DAY, newest
from dashboards.specs import NEAREST

_FEED = Text("Feed", "数据种类")
_FILE = Text("File", "文件")
_ROWS = Text("Rows", "行数")
_STAGED = Text("Staged", "入库")
_DUPLICATE = Text("Duplicates", "重复")
_QUARANTINED = Text("Quarantined", "隔离")
_EVENT = Text("Event", "事件")
_EVENTS = Text("Events", "事件数")
_MEND = Text("What to do", "怎么办")
EVENTS_SHOWN = 40
"""Events of a source, the most frequent ones, whose days the board holds; marts hold all."""
_ALL_IS_WELL = Text("Nothing: all is well.", "没有：一切正常。")

_VOLUME_X = {"field": "event_date", "type": "temporal", "timeUnit": "utcyearmonthdate",
             "axis": {"labelOverlap": "greedy", "labelSeparation": 12, "title": None}}  # fmt: skip


def _volume(column: str) -> dict[str, object]:
    return {"field": column, "type": "quantitative", "axis": {"title": _EVENTS, "tickCount": 5}}


_VOLUME_TOOLTIP = [
    {"field": "event_date", "title": DAY, "type": "nominal"},
    {"field": "event_count", "title": _EVENTS, "format": ",d", "type": "quantitative"},
    {"field": "lower_count", "title": Text("Usual from", "通常下限"), "format": ",d",
     "type": "quantitative"},
    {"field": "upper_count", "title": Text("Usual to", "通常上限"), "format": ",d",
     "type": "quantitative"},
    {"field": "explanation", "title": Text("Odd", "异常"), "type": "nominal"},
]  # fmt: skip
_VOLUME = {
    "encoding": {"x": _VOLUME_X, "y": _volume("event_count")},
    "layer": [
        {
            "mark": {"type": "area", "color": GREY, "opacity": 0.25},
            "encoding": {"y": _volume("lower_count"), "y2": {"field": "upper_count"}},
        },
        {
            "only": "ripe",
            "transform": [{"filter": "datum.is_mature"}],
            "mark": {"type": "line", "color": BLUE, "strokeWidth": 1.5},
        },
        {
            "only": "tail",
            "transform": [{"filter": "datum.is_tail"}],
            "mark": {"type": "line", "color": BLUE, "strokeDash": [4, 3], "opacity": 0.6},
        },
        {
            "params": [{"name": "nearest", "select": {**NEAREST, "encodings": ["x"]}}],
            "mark": {"type": "point", "filled": True, "size": 70},
            "encoding": {
                "tooltip": _VOLUME_TOOLTIP,
                "color": {"condition": {"test": "datum.is_anomalous", "value": RED}, "value": BLUE},
                "shape": {
                    "condition": {"test": "datum.is_anomalous", "value": "triangle-up"},
                    "value": "circle",
                },
                "opacity": {
                    "condition": [
                        {"param": "nearest", "empty": False, "value": 1},
                        {"test": "datum.is_anomalous", "value": 1},
                    ],
                    "value": 0,
                },
            },
        },
    ],
}  # fmt: skip

BOARD = Board(
    name="health",
    title=Text("Data health", "数据健康"),
    question=Text("Can the figures be trusted today?", "今天的数字可信吗？"),
    filters=(
        Choice(
            "source_id",
            Text("Source", "来源"),
            "select distinct source_id as value, source_id as label_en, source_id as label_zh"
            " from marts.mart_event_freshness order by source_id",
        ),
        Choice(
            "event_name",
            _EVENT,
            f"""
            select
                volumes.event_name as value,
                coalesce(max(events.label_en), volumes.event_name, 'All events') as label_en,
                coalesce(max(events.label_zh), volumes.event_name, '所有事件') as label_zh,
                volumes.source_id
            from marts.mart_event_volume_daily as volumes
            left join seeds.dim_event_names as events on volumes.event_name = events.event_name
            group by volumes.source_id, volumes.event_name
            qualify row_number() over (
                partition by volumes.source_id
                order by volumes.event_name is not null, sum(event_count) desc, volumes.event_name
            ) <= {EVENTS_SHOWN}
            order by volumes.source_id, volumes.event_name is not null, sum(event_count) desc
            """,
        ),
        Period(180),
    ),
    items=(
        Tiles(
            "sums",
            Text("At a glance", "一目了然"),
            Text(
                "Rows that arrived = staged + duplicates + quarantined. A check that warns stops "
                "nothing; one that fails would have held this build back. One that had passed, and "
                "to which nothing is new, was not run again.",
                "到达的行数 = 入库 + 重复 + 隔离。警告的检查不阻止发布；失败的检查会挡住本次发布。"
                "已经通过、又没有新东西的检查没有再跑。",
            ),
            ("marts.mart_ingest_files", "build_checks"),
            """
            select
                (select count(*) from marts.mart_ingest_files) as file_count,
                (select count(*) from marts.mart_ingest_files where error is not null)
                    as failed_file_count,
                files.*, checks.*
            from (
                select
                    coalesce(sum(row_count), 0) as row_count,
                    coalesce(sum(staged_row_count), 0) as staged_row_count,
                    coalesce(sum(duplicate_row_count), 0) as duplicate_row_count,
                    coalesce(sum(quarantined_row_count), 0) as quarantined_row_count
                from marts.mart_ingest_files
            ) as files
            cross join (
                select
                    count(*) filter (where status = 'passed') as passed_check_count,
                    count(*) filter (where status <> 'passed') as warned_check_count
                from build_checks
            ) as checks
            """,
            tiles=(
                Tile("file_count", Text("Files", "文件")),
                Tile("failed_file_count", Text("of them not read", "其中读不了")),
                Tile("row_count", Text("Rows that arrived", "到达的行")),
                Tile("staged_row_count", _STAGED),
                Tile("duplicate_row_count", _DUPLICATE),
                Tile("quarantined_row_count", _QUARANTINED),
                Tile("passed_check_count", Text("Checks that passed", "通过的检查")),
                Tile("warned_check_count", Text("Checks that warn", "警告的检查")),
            ),
            is_wide=True,
        ),
        Table(
            "checks",
            Text("Checks that warn", "警告的检查"),
            Text(
                "What a person should look at; the pages of the data-quality report show the rows.",
                "需要有人看一眼的；数据质量报告里有具体的行。",
            ),
            ("build_checks",),
            """
            select
                table_name, check_name, sentence as sentence_en,
                coalesce(sentence_zh, sentence) as sentence_zh, failing_row_count
            from build_checks where status <> 'passed'
            order by failing_row_count desc, table_name, check_name
            """,
            columns=(
                Column("sentence", Text("What it found", "发现")),
                Column("failing_row_count", _ROWS, "count"),
                Column("table_name", Text("Table", "表")),
                Column("check_name", Text("Check", "检查")),
            ),
            empty=_ALL_IS_WELL,
            is_wide=True,
        ),
        Chart(
            "volume",
            Text("Events by day", "每天的事件数"),
            Text(
                "Events of each day, beside what the same days of the eight weeks before would "
                "have.",
                "每天的事件数，以及按前八周同一天推算的正常范围。",
            ),
            ("marts.mart_event_volume_daily",),
            f"""
            select
                source_id, event_name, event_date, event_count, lower_count, upper_count,
                is_anomalous, explanation_en, explanation_zh, is_mature
            from (
                select *, sum(event_count) over (partition by source_id, event_name) as event_total
                from marts.mart_event_volume_daily
            )
            where {newest("marts.mart_event_volume_daily", "event_date", 400)}
            qualify dense_rank() over (
                partition by source_id
                order by event_name is not null, event_total desc, event_name
            ) <= {EVENTS_SHOWN}
            order by event_date
            """,
            _VOLUME,
            look=Text(
                "Grey: that range. A red triangle: a day outside of it.",
                "灰色：这个范围；红色三角：超出范围的日期。",
            ),
            day="event_date",
            is_wide=True,
        ),
        Table(
            "ledger",
            Text("What became of the rows, by feed", "各类数据的去向"),
            Text(
                "Every row of a file ends in exactly one place.",
                "文件里的每一行只会落到一个地方。",
            ),
            ("marts.mart_ingest_files",),
            """
            select
                feed, count(*) as file_count, count(error) as failed_file_count,
                sum(row_count) as row_count, sum(staged_row_count) as staged_row_count,
                sum(duplicate_row_count) as duplicate_row_count,
                sum(quarantined_row_count) as quarantined_row_count
            from marts.mart_ingest_files
            group by feed
            order by row_count desc, feed
            """,
            columns=(
                Column("feed", _FEED),
                Column("file_count", Text("Files", "文件"), "count"),
                Column("failed_file_count", Text("Not read", "读不了"), "count"),
                Column("row_count", _ROWS, "count"),
                Column("staged_row_count", _STAGED, "count"),
                Column("duplicate_row_count", _DUPLICATE, "count"),
                Column("quarantined_row_count", _QUARANTINED, "count"),
            ),
            empty=Text("No files have arrived yet.", "还没有文件到达。"),
        ),
        Table(
            "freshness",
            Text("Is something late?", "有什么迟到了吗？"),
            Text(
                "Days since each event was last seen, beside the gap that is usual for it.",
                "每个事件多少天没有出现，以及通常的间隔。",
            ),
            ("marts.mart_event_freshness",),
            """
            select
                freshness.source_id,
                coalesce(events.label_en, freshness.event_name, 'All events') as event_en,
                coalesce(events.label_zh, freshness.event_name, '所有事件') as event_zh,
                cast(freshness.last_event_date as varchar) as last_seen,
                freshness.silent_day_count, freshness.usual_gap_days,
                case when freshness.is_late then '▲ late' else 'in time' end as state_en,
                case when freshness.is_late then '▲ 迟到' else '及时' end as state_zh
            from marts.mart_event_freshness as freshness
            left join seeds.dim_event_names as events on freshness.event_name = events.event_name
            order by not freshness.is_late, freshness.event_name is not null,
                freshness.silent_day_count desc, freshness.event_name
            """,
            columns=(
                Column("event", _EVENT),
                Column("last_seen", Text("Last seen", "最近出现")),
                Column("silent_day_count", Text("Days without", "未出现天数"), "count"),
                Column("usual_gap_days", Text("Usual gap (days)", "通常间隔（天）"), "decimal"),
                Column("state", Text("State", "状态")),
            ),
        ),
        Table(
            "plan",
            Text("Tracking plan against reality", "埋点方案与实际"),
            Text(
                "What the plan (seeds/event_names.csv) names, and what really came.",
                "计划（seeds/event_names.csv）里有的事件，与实际到达的事件。",
            ),
            ("marts.mart_event_volume_daily", "seeds.dim_event_names"),
            """
            with came as (
                select
                    event_name as came_name, sum(event_count) as event_count,
                    max(event_date) filter (where event_count > 0) as last_date
                from marts.mart_event_volume_daily
                where event_name is not null
                group by event_name
            )

            select
                coalesce(plan.event_name, came.came_name) as name,
                plan.label_en as planned_en, plan.label_zh as planned_zh, plan.area,
                coalesce(came.event_count, 0) as event_count,
                cast(came.last_date as varchar) as last_seen,
                case when plan.event_name is null then '▲ comes, not planned'
                    when came.came_name is null then '○ planned, never came'
                    else 'as planned' end as state_en,
                case when plan.event_name is null then '▲ 有数据，不在计划里'
                    when came.came_name is null then '○ 在计划里，从未出现'
                    else '符合计划' end as state_zh
            from seeds.dim_event_names as plan
            full outer join came on plan.event_name = came.came_name
            order by plan.event_name is not null, came.came_name is null, event_count desc, name
            limit 300
            """,
            columns=(
                Column("name", _EVENT),
                Column("state", Text("State", "状态")),
                Column("event_count", _EVENTS, "count"),
                Column("last_seen", Text("Last seen", "最近出现")),
                Column("planned", Text("Label", "名称")),
                Column("area", Text("Area", "领域")),
            ),
            is_wide=True,
        ),
        Table(
            "quarantine",
            Text("Rows in quarantine", "隔离的行"),
            Text(
                "Rows that cannot be used, by file and reason, with the mend. The 100 largest.",
                "不能使用的行，按文件和原因，附修复办法。最多的 100 条。",
            ),
            ("marts.mart_quarantined_rows",),
            """
            select
                feed, source_file, reason, row_count, quarantined_rate, mend_en, mend_zh
            from marts.mart_quarantined_rows
            order by row_count desc, feed, source_file, reason
            limit 100
            """,
            columns=(
                Column("source_file", _FILE),
                Column("reason", Text("Reason", "原因")),
                Column("row_count", _ROWS, "count"),
                Column("quarantined_rate", Text("of the file", "占文件"), "rate"),
                Column("mend", _MEND),
            ),
            empty=_ALL_IS_WELL,
            is_wide=True,
        ),
        Table(
            "files",
            Text("Files that could not be read", "读不了的文件"),
            Text(
                "They are tried again on every build; the other files are loaded. The newest 100.",
                "每次运行都会再试；其他文件照常导入。最近的 100 个。",
            ),
            ("marts.mart_ingest_files",),
            """
            select feed, source_file, status, error
            from marts.mart_ingest_files
            where error is not null
            order by source_file desc
            limit 100
            """,
            columns=(
                Column("feed", _FEED),
                Column("source_file", _FILE),
                Column("error", Text("Why", "原因")),
            ),
            empty=_ALL_IS_WELL,
        ),
        Table(
            "ids",
            Text("Doubtful ids", "存疑的 id"),
            Text(
                "Ids that repeat with other content, placeholders, numbers in several spellings. "
                "The 100 with most rows.",
                "与别的内容重复的 id、占位符、同一数字的多种写法。行数最多的 100 条。",
            ),
            ("marts.mart_id_warnings",),
            """
            select problem_en, problem_zh, mend_en, mend_zh, row_count
            from marts.mart_id_warnings
            order by row_count desc, source_file, column_name, doubt
            limit 100
            """,
            columns=(
                Column("problem", Text("Doubt", "疑问")),
                Column("row_count", _ROWS, "count"),
                Column("mend", _MEND),
            ),
            empty=_ALL_IS_WELL,
            is_wide=True,
        ),
        Table(
            "definitions",
            Text("Doubtful definitions", "存疑的定义"),
            Text(
                "They are built as they stand; the line of the file says where to look.",
                "按原样计算；行号指出文件里的位置。",
            ),
            ("marts.mart_definition_warnings",),
            """
            select
                file, row_number, problem as problem_en, problem_zh, mend as mend_en, mend_zh
            from marts.mart_definition_warnings
            order by file, row_number, problem
            limit 100
            """,
            columns=(
                Column("file", _FILE),
                Column("row_number", Text("Line", "行"), "count"),
                Column("problem", Text("Doubt", "疑问")),
                Column("mend", _MEND),
            ),
            empty=_ALL_IS_WELL,
        ),
        Table(
            "restatements",
            Text("Ripe figures that moved", "成熟的数字发生变化"),
            Text(
                "Figures that were final and are others now, by build and reason. The newest 50.",
                "本已成熟、现在不同的数字，按发布和原因。最近的 50 条。",
            ),
            ("marts.mart_restatements",),
            """
            select
                restated_at, table_name, reason_en, reason_zh, count(*) as value_count
            from marts.mart_restatements
            group by all
            order by restated_at desc, value_count desc
            limit 50
            """,
            columns=(
                Column("restated_at", Text("When (UTC)", "时间（UTC）")),
                Column("table_name", Text("Table", "表")),
                Column("value_count", Text("Values", "数字个数"), "count"),
                Column("reason", Text("Why", "原因")),
            ),
            empty=_ALL_IS_WELL,
            is_wide=True,
        ),
    ),
)  # fmt: skip
