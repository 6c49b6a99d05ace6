"""Whom to write to tomorrow, and what did the last lists achieve?"""

from __future__ import annotations

from dataclasses import replace

from dashboards.board import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    RED,
    SKY,
    Board,
    Chart,
    Choice,
    Column,
    Series,
    Table,
    Text,
)
from dashboards.boards.campaigns import TOLD
from dashboards.boards.shared import USERS
from dashboards.specs import columns

EXPORTS_SHOWN = 30
"""The newest exports of a list."""
LISTS_ON_FRONT = 8
"""Lists of the front page: those that were exported last."""

_EXPORTS = "marts.mart_audience_exports"
_LIFT = "marts.mart_campaign_lift"
_LIST = Text("List", "名单")
_EXPORT = Text("Export (UTC)", "导出时刻（UTC）")
_NO_LIST = Text(
    "No list was exported (seeds/audiences.csv).", "没有导出过名单（seeds/audiences.csv）。"
)
_NOBODY = Text("Nobody was on this list yet.", "这份名单上还没有过人。")
_CHANGES = Series(
    "measure",
    "measure_name",
    labels={
        "kept_count": Text("Kept", "保留"),
        "added_count": Text("Added", "新增"),
        "removed_count": Text("Taken off", "移除"),
    },
    colours=(BLUE, GREEN, RED),
)
_REASONS = Series(
    "measure",
    "measure_name",
    labels={
        "exported_count": Text("On the list", "在名单上"),
        "holdout_count": Text("Held out", "对照"),
        "capped_count": Text("Got enough messages", "消息已达上限"),
        "no_consent_count": Text("Did not agree", "未同意"),
    },
    colours=(BLUE, SKY, ORANGE, GREY),
)

# Each list with its exports, the newest first.
_LISTS = f"""
    lists as (
        select *, coalesce(label_en, audience_id) as list_en,
            coalesce(label_zh, label_en, audience_id) as list_zh,
            strftime(export_at, '%Y-%m-%d %H:%M') as export,
            row_number() over (partition by audience_id order by export_at desc) as number
        from {_EXPORTS}
    )
"""
# What came of its campaign, by the goal, else by the first measure that there is.
_ACHIEVED = f"""
    {TOLD},

    {_LISTS},

    achieved as (
        select *
        from told
        where method = 'unadjusted'
        qualify row_number() over (
            partition by campaign_id order by is_goal desc, measure_number, variant
        ) = 1
    )
"""


def _by_export(item: str, title: Text, reading: Text, of: Series) -> Chart:
    names = list(of.labels or ())
    return Chart(
        item,
        title,
        reading,
        (_EXPORTS,),
        f"""
        with {_LISTS},

        signed as (
            select audience_id, export, number,
                {", ".join(
                    f"{'-' if name == 'removed_count' else ''}{name} as {name}" for name in names
                )}
            from lists where number <= {EXPORTS_SHOWN}
        )

        select audience_id, export, number, measure, user_count, abs(user_count) as shown_count
        from (unpivot signed on {", ".join(names)} into name measure value user_count)
        -- A list that never had anybody is not drawn.
        qualify max(abs(user_count)) over (partition by audience_id) > 0
        order by audience_id, export
        """,
        columns(
            "export",
            "user_count",
            USERS,
            [("export", _EXPORT, None), ("measure_name", Text("Who", "谁"), None),
             ("shown_count", USERS, ",d")],
            series=of,
        ),
        of,
        empty=_NOBODY,
    )  # fmt: skip


WHOM = Table(
    "whom",
    Text("Whom to write to, and what came of it", "联系谁，效果如何"),
    Text(
        "The newest list. What its campaign achieved is told against those who were held "
        "out; in brackets: where it lies with 95% certainty. A list whose conditions ask the "
        "profile counts from the data after those that made it on.",
        "最新的名单。活动效果与对照的人相比；括号内是 95% 置信区间。条件用到用户画像的名单，"
        "从生成它之后的数据起才计入效果。",
    ),
    (_EXPORTS, _LIFT),
    f"""
    with {_ACHIEVED}

    select lists.audience_id,
        format('Write to {{:,}} users: the list of {{}} ({{:,}} added, {{:,}} taken off). ',
            exported_count, export, added_count, removed_count)
        || case when exported_count < matched_count then format(
            'Left out are {{:,}} who did not agree, {{:,}} who got enough messages and '
            '{{:,}} who are held out. ', no_consent_count, capped_count, holdout_count
        ) else '' end
        || case when lists.campaign_id is null then
            'What it achieves is not measured: it has no campaign.'
        else coalesce('Its lists so far: ' || achieved.measure_en || ' ' || interval_en
            || ': ' || achieved.said_en || '.',
            'What its lists achieved cannot be told yet: nobody was held out, or no window '
            'of theirs has closed.') end as answer_en,
        format('联系 {{:,}} 人：{{}} 的名单（新增 {{:,}}，移除 {{:,}}）。',
            exported_count, export, added_count, removed_count)
        || case when exported_count < matched_count then format(
            '未导出：{{:,}} 人未同意，{{:,}} 人消息已达上限，{{:,}} 人留作对照。',
            no_consent_count, capped_count, holdout_count
        ) else '' end
        || case when lists.campaign_id is null then '没有对应的活动，效果无从衡量。'
        else coalesce('至今的名单：' || achieved.measure_zh || ' ' || interval_zh || '，'
            || achieved.said_zh || '。',
            '名单的效果还不能确定：没有人留作对照，或窗口都还没结束。') end as answer_zh
    from lists
    left join achieved on lists.campaign_id = achieved.campaign_id
    where number = 1
    order by lists.audience_id
    """,
    columns=(Column("answer", Text("Answer", "回答")),),
    empty=_NO_LIST,
    is_wide=True,
)

# A file is named by its instant as `audience_files` does.
FRONT_WHOM = replace(
    WHOM,
    reading=Text(
        "The newest export of each list; its name opens the file. What its campaign achieved is "
        "told against those who were held out; in brackets: where it lies with 95% certainty.",
        "每个名单最近的一次导出，点名称打开文件。活动效果与对照的人相比；括号内是 95% 置信区间。",
    ),
    sql=f"""
    with {_LISTS}

    select audience_id, list_en, list_zh, answer_en, answer_zh,
        format('audiences/{{}}/{{}}Z.csv', url_encode(audience_id), url_encode(regexp_replace(
            strftime(export_at, '%Y-%m-%dT%H:%M:%S.%f'), '\\.0+$', ''
        ))) as file
    from lists
    inner join ({WHOM.sql}) as said using (audience_id)
    where number = 1
    order by export_at desc, campaign_id is null, audience_id
    limit {LISTS_ON_FRONT}
    """,
    columns=(Column("list", _LIST, link="file"), *WHOM.columns),
    hides_when_empty=True,
)
"""The same of the newest lists, on the front page: which list, and its file."""


BOARD = Board(
    name="audiences",
    title=Text("Audiences", "人群"),
    question=Text(
        "Whom to write to tomorrow, and what did the last lists achieve?",
        "明天该联系谁，之前的名单带来了什么？",
    ),
    filters=(
        Choice(
            "audience_id",
            _LIST,
            f"""
            with {_LISTS}

            select audience_id as value, list_en as label_en, list_zh as label_zh
            from lists where number = 1
            order by campaign_id is null, export_at desc, audience_id
            """,
        ),
    ),
    items=(
        WHOM,
        _by_export(
            "changes",
            Text("Who came and went", "名单的变化"),
            Text(
                f"The newest {EXPORTS_SHOWN} exports: who is on the list, and below the line who "
                "was on the one before and is not any more.",
                f"最近 {EXPORTS_SHOWN} 次导出：名单上的人；线以下是上一次在而这次不在的人。",
            ),
            _CHANGES,
        ),
        _by_export(
            "reasons",
            Text("Who matches, and why some are left out", "符合条件的人，以及为何不导出"),
            Text(
                "Each user whom the conditions match counts once, by the first reason that holds: "
                "no consent, enough messages, held out.",
                "每个符合条件的用户计一次，按先成立的原因：未同意、消息已达上限、留作对照。",
            ),
            _REASONS,
        ),
        Table(
            "lists",
            Text("All lists", "全部名单"),
            Text(
                "The newest export of each, and what its campaign achieved so far against those "
                "who were held out.",
                "每个名单最近的一次导出，以及其活动至今与对照相比的效果。",
            ),
            (_EXPORTS, _LIFT),
            f"""
            with {_ACHIEVED}

            select
                lists.audience_id as of_audience_id, lists.list_en, lists.list_zh, export,
                matched_count, no_consent_count, capped_count, holdout_count, exported_count,
                added_count, removed_count, lists.campaign_id as of_campaign,
                achieved.said_en, achieved.said_zh, achieved.interval_en, achieved.interval_zh
            from lists
            left join achieved on lists.campaign_id = achieved.campaign_id
            where number = 1
            order by lists.campaign_id is null, exported_count desc, lists.audience_id
            """,
            columns=(
                Column("list", _LIST),
                Column("export", _EXPORT),
                Column("matched_count", Text("Match", "符合条件"), "count"),
                Column("no_consent_count", Text("Did not agree", "未同意"), "count"),
                Column("capped_count", Text("Got enough messages", "消息已达上限"), "count"),
                Column("holdout_count", Text("Held out", "对照"), "count"),
                Column("exported_count", Text("On the list", "在名单上"), "count"),
                Column("added_count", Text("Added", "新增"), "count"),
                Column("removed_count", Text("Taken off", "移除"), "count"),
                Column("of_campaign", Text("Campaign", "活动")),
                Column("said", Text("Did it work?", "有效果吗？")),
                Column("interval", Text("Difference (95% interval)", "差异（95% 区间）")),
            ),
            empty=_NO_LIST,
            is_wide=True,
        ),
    ),
)
