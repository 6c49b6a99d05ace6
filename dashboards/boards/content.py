"""What should be written more of?"""

from __future__ import annotations

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
from dashboards.boards.shared import (
    FEW,
    MONTH,
    answer,
    beside_others,
    by_span,
    in_words,
    rate_beside_others,
    rate_by_period,
    rate_of,
    spans,
    sure,
)
from dashboards.specs import columns, lines

VALUES_SHOWN = 15
PIECES_SHOWN = 20
POSITIONS_SHOWN = 30
DAYS_SHOWN = 30
"""Days of a piece's life that the age curve shows."""
_WINDOW = 7
"""Days after its start by which pieces are compared: what is old has no more time than others."""

_PERFORMANCE = "marts.mart_content_performance"
_SUPPLY = "marts.mart_content_supply"
_PIECES = Text("Pieces", "内容数")
_WHAT = Text("What", "内容")
_FINISHED = Text("Of reads, finished", "读完率")
_CLICKED = Text("Of exposures, clicked", "点击率")
_ATTENTION = Text("Seconds read an exposure", "每次曝光的阅读秒数")
_READS = Text("Reads", "阅读数")
_STALE = Text("Not read in 30 days", "陈旧率")
_NO_CONTENT = Text(
    "No piece came (feed contents, and events with its roles in seeds/event_names.csv).",
    "没有收到内容（contents 数据，以及 seeds/event_names.csv 中内容角色的事件）。",
)
_VERDICTS = {
    "more": Text("Write more", "多写"),
    "mixed": Text("Better in one, worse in the other", "一好一坏"),
    "unclear": Text("May be as the others", "可能与其他一样"),
    "less": Text("Write less", "少写"),
    "few": Text("Too few to tell", "太少，不能确定"),
}
_BY_VERDICT = Series(
    "verdict_id", "verdict", labels=_VERDICTS, colours=(GREEN, ORANGE, GREY, RED, SKY)
)
_PLAN = Series(
    "measure",
    "measure_name",
    labels={
        "planned_count": Text("Planned", "计划"),
        "planned_published_count": Text("of them, out", "其中已发布"),
        "on_time_count": Text("of them, on time", "其中准时"),
    },
    colours=(GREY, BLUE, GREEN),
)
_CREATORS = Series(
    "measure",
    "measure_name",
    labels={
        "retained_creator_count": Text("Here before too", "留存"),
        "resurrected_creator_count": Text("Back", "回流"),
        "new_creator_count": Text("New", "新增"),
        "lost_creator_count": Text("Not any more", "流失"),
    },
    colours=(BLUE, GREEN, SKY, RED),
)


def _named(language: str, none: str) -> str:
    return f"case when value = '' then '{none}' else value end as value_{language}"


# What pieces get in their first days, by category and by origin, each beside the others: how
# often it is clicked where it is shown, and finished where it is read.
_WORTH = f"""
    with pieces as (
        select parts.dimension, coalesce(parts.value, '') as value, performance.*
        from {_PERFORMANCE} as performance
        inner join lateral (
            select unnest(['category', 'origin']) as dimension,
                unnest([performance.category, performance.origin]) as value
        ) as parts on true
        where window_days = {_WINDOW} and is_mature
    ),

    summed as (
        select dimension, value, count(*) as piece_count,
            sum(exposure_count) as exposure_count, sum(read_count) as read_count,
            sum(finished_read_count) as finished_read_count,
            sum(dwell_seconds) / nullif(sum(exposure_count), 0) as attention_seconds,
            sum(dwell_seconds) / nullif(sum(dwell_read_count), 0) as mean_dwell_seconds,
            {rate_of("sum(clicked_exposure_count)", "sum(exposure_count)", "click_rate")},
            sum(clicked_exposure_count) as clicked_exposure_count,
            {rate_of("sum(finished_read_count)", "sum(read_count)", "finish_rate")}
        from pieces
        group by dimension, value
    ),

    clicked as (
        select * exclude (verdict_id, others_rate), verdict_id as click_id
        from {
    beside_others("summed", "clicked_exposure_count", "exposure_count", "click_rate", "dimension")
}
    ),

    judged as (
        select *, {_named("en", "(none)")}, {_named("zh", "（无）")},
            {sure("finish_rate")} as finish_said, {sure("click_rate")} as click_said,
            case
                when click_id in ('few', 'unclear') then verdict_id
                when verdict_id in ('few', 'unclear', click_id) then click_id
                else 'mixed'
            end as judged_id
        from {
    beside_others("clicked", "finished_read_count", "read_count", "finish_rate", "dimension")
}
    ),

    ranked as (
        select * replace (judged_id as verdict_id),
            row_number() over (
                partition by dimension
                order by array_position(
                    ['more', 'mixed', 'unclear', 'less', 'few'], judged_id
                ), finish_rate_lower desc nulls last, value
            ) as place
        from judged
        qualify row_number() over (
            partition by dimension order by piece_count desc, value
        ) <= {VALUES_SHOWN}
    )
"""


_MORE_OF = f"""
    {_WORTH}

    select dimension,
        coalesce(
            string_agg(value_en || ': ' || coalesce(finish_said || ' of its reads are finished', '')
                || coalesce(', ' || click_said || ' of its exposures clicked', ''), '; '
                order by place) filter (verdict_id = 'more') || ', more than of the others.',
            case when bool_and(verdict_id = 'few') then 'Too few reads to tell.'
                when bool_or(verdict_id = 'mixed') then
                    'Nothing stands out: what is better in one is worse in the other.'
                else 'Nothing stands out: none is clicked or finished more than the others.' end
        ) || coalesce(' Less of: ' || string_agg(value_en, ', ' order by place)
            filter (verdict_id = 'less') || '.', '') as answer_en,
        coalesce(
            string_agg(value_zh || '：' || coalesce('读完率 ' || finish_said, '')
                || coalesce('，点击率 ' || click_said, ''), '；'
                order by place) filter (verdict_id = 'more') || '，高于其他。',
            case when bool_and(verdict_id = 'few') then '阅读太少，不能确定。'
                when bool_or(verdict_id = 'mixed') then '没有哪一类更突出：一项好，另一项差。'
                else '没有哪一类更突出：点击率和读完率都不高于其他。' end
        ) || coalesce('少写：' || string_agg(value_zh, '、' order by place)
            filter (verdict_id = 'less') || '。', '') as answer_zh
    from ranked
    group by dimension
"""
_IS_THE_PLAN_KEPT = f"""
    select span,
        case when planned_count = 0 then 'Nothing was planned; ' else format(
            'Of {{:,}} planned {{:,}} are out, {{:,}} on time; ',
            planned_count, planned_published_count, on_time_count
        ) end || format('{{:,}} were published in all.', published_count)
        || case when reviewed_count < {FEW} then '' else format(
            ' {{}} passed their first review.', {sure("first_pass_rate")}) end as answer_en,
        case when planned_count = 0 then '没有计划；' else format(
            '计划 {{:,}} 份，已发布 {{:,}} 份，准时 {{:,}} 份；',
            planned_count, planned_published_count, on_time_count
        ) end || format('共发布 {{:,}} 份。', published_count)
        || case when reviewed_count < {FEW} then '' else format(
            '一次通过率 {{}}。', {sure("first_pass_rate")}) end as answer_zh,
        is_mature
    from {by_span(_SUPPLY)}
    where dimension = 'all'
"""
_WHAT_IS_STALE = f"""
    select span,
        case when live_count < {FEW} then 'Too few pieces to tell.' else format(
            '{{}} of the {{:,}} pieces that were there at its end had not been read for a month.',
            {sure("stale_rate")}, live_count) end as answer_en,
        case when live_count < {FEW} then '内容太少，不能确定。' else format(
            '期末在架的 {{1:,}} 份内容中 {{0}} 已有一个月没有人读。',
            {sure("stale_rate")}, live_count) end as answer_zh,
        is_mature
    from {by_span(_SUPPLY)}
    where dimension = 'all'
"""

BOARD = Board(
    name="content",
    title=Text("Content", "内容"),
    question=Text("What should be written more of?", "该多写什么？"),
    filters=(
        Choice(
            "dimension",
            Text("Pieces by", "内容按"),
            """
            select * from (values ('category', 'Category', '类目'), ('origin', 'Origin', '来源'))
                as dimensions (value, label_en, label_zh)
            """,
        ),
        spans(_SUPPLY, "marts.mart_content_positions"),
    ),
    items=(
        answer(
            "more_of",
            Text("What to write more of?", "该多写什么？"),
            _MORE_OF,
            (_PERFORMANCE,),
            _NO_CONTENT,
            is_wide=True,
        ),
        answer(
            "kept",
            Text("Is the plan kept?", "计划完成得怎样？"),
            _IS_THE_PLAN_KEPT,
            (_SUPPLY,),
            _NO_CONTENT,
            is_wide=False,
        ),
        answer(
            "unread",
            Text("What lies there unread?", "有多少没人读？"),
            _WHAT_IS_STALE,
            (_SUPPLY,),
            _NO_CONTENT,
            is_wide=False,
        ),
        Table(
            "worth",
            Text("What pieces earn in attention", "内容换来多少关注"),
            Text(
                f"What they get in the first {_WINDOW} days, of pieces that have had them. More: "
                "surely clicked or finished more often than all others together, and neither less.",
                f"开始后 {_WINDOW} 天内的表现，只算已满 {_WINDOW} 天的内容。"
                "多写：点击率或读完率高于其他合计，且另一项不低于。",
            ),
            (_PERFORMANCE,),
            f"""
            {_WORTH}

            select dimension, value_en, value_zh, {", ".join(
                f"{in_words('verdict_id', _VERDICTS, language)} as verdict_{language}"
                for language in ("en", "zh")
            )},
                piece_count, exposure_count, read_count, click_said, finish_said,
                attention_seconds, mean_dwell_seconds
            from ranked order by dimension, place
            """,
            columns=(
                Column("value", _WHAT),
                Column("verdict", Text("What to do", "建议")),
                Column("finish_said", _FINISHED),
                Column("click_said", _CLICKED),
                Column("attention_seconds", _ATTENTION, "decimal"),
                Column("mean_dwell_seconds", Text("A read lasts", "平均停留"), "duration"),
                Column("piece_count", _PIECES, "count"),
                Column("exposure_count", Text("Exposures", "曝光数"), "count"),
                Column("read_count", _READS, "count"),
            ),
            empty=_NO_CONTENT,
            is_wide=True,
        ),
        Chart(
            "finished",
            Text("How much of it is read to the end", "读完了多少"),
            Text(
                "Point: share of reads that are finished. Line: where it lies with 95% certainty. "
                "The colour is the advice of the table.",
                "点：读完的阅读占比。线：95% 置信区间。颜色为表中的建议。",
            ),
            (_PERFORMANCE,),
            f"""
            {_WORTH}

            select dimension, value_en, value_zh, finish_rate, finish_rate_lower,
                finish_rate_upper, others_rate, read_count, verdict_id, place
            from ranked where finish_rate is not null order by dimension, place
            """,
            rate_beside_others(
                ("value", _WHAT),
                "finish_rate",
                _FINISHED,
                [("read_count", _READS, ",d")],
                _BY_VERDICT,
                verdict=Text("Advice", "建议"),
            ),
            _BY_VERDICT,
            empty=_NO_CONTENT,
        ),
        Chart(
            "positions",
            Text("What a place is worth", "位置值多少"),
            Text(
                "Share of what was shown at a position that was clicked. Shaded: where it lies "
                "with 95% certainty.",
                "在该位置曝光的内容被点击的比例。阴影是 95% 置信区间。",
            ),
            ("marts.mart_content_positions",),
            f"""
            select span, position, click_rate, click_rate_lower, click_rate_upper,
                mature_exposure_count, mature_clicked_exposure_count
            from {by_span("marts.mart_content_positions")}
            where position <= {POSITIONS_SHOWN} and mature_exposure_count > 0
            order by span, position
            """,
            lines(
                "position",
                "click_rate",
                _CLICKED,
                [("position", Text("Position", "位置"), None), ("click_rate", _CLICKED, ".1%"),
                 ("mature_clicked_exposure_count", Text("Clicked", "点击"), ",d"),
                 ("mature_exposure_count", Text("of exposures", "曝光数"), ",d")],
                number=".0%",
                is_date=False,
                x_label=Text("Position, from the top", "位置，从上往下"),
                between=("click_rate_lower", "click_rate_upper"),
            ),
        ),
        Chart(
            "plan",
            Text("Supply against plan", "供给与计划"),
            Text(
                "Pieces planned for the month, and of them those that are out, and were by the "
                "end of their day. What is late may still come.",
                "计划在当月发布的内容，其中已发布的和当天结束前发布的。迟到的之后仍可能发布。",
            ),
            (_SUPPLY,),
            f"""
            select period_start_date, measure, piece_count, is_mature
            from (
                unpivot (select * from {by_span(_SUPPLY)} where dimension = 'all')
                on planned_count, planned_published_count, on_time_count
                into name measure value piece_count
            )
            where grain = 'month'
            order by period_start_date, measure
            """,
            lines(
                "period_start_date",
                "piece_count",
                _PIECES,
                [("period_start_date", MONTH, None), ("measure_name", _WHAT, None),
                 ("piece_count", _PIECES, ",d")],
                series=_PLAN,
            ),
            _PLAN,
            empty=_NO_CONTENT,
        ),
        Chart(
            "stale",
            Text("Stale stock", "陈旧的内容"),
            Text(
                "Of the pieces there at the month's end, those that started over 30 days before "
                "and were not read since. Shaded: 95% certainty; n: of how many.",
                "月末在架的内容中，开始超过 30 天且近 30 天无人阅读的比例。"
                "阴影是 95% 置信区间，n 是内容数。",
            ),
            (_SUPPLY,),
            f"""
            select period_start_date, stale_rate, stale_rate_lower, stale_rate_upper,
                stale_count, live_count, is_mature
            from {by_span(_SUPPLY)}
            where dimension = 'all' and grain = 'month'
            order by period_start_date
            """,
            rate_by_period(
                "stale_rate",
                _STALE,
                [("stale_count", Text("Pieces", "内容数"), ",d"),
                 ("live_count", Text("of all there", "在架内容"), ",d")],
                of="live_count",
            ),
            empty=_NO_CONTENT,
        ),
        Chart(
            "ages",
            Text("How long pieces live", "内容能活多久"),
            Text(
                "Reads that a piece gets on each day after its start, on average over the pieces "
                "that have come so far. The sooner it falls, the shorter they live.",
                "内容开始后每天平均得到的阅读数，按已到该天的内容计。下降越快，寿命越短。",
            ),
            ("marts.mart_content_age_curves",),
            f"""
            select age_days, avg(read_count) as reads_per_piece, sum(read_count) as read_count,
                count(*) as piece_count
            from marts.mart_content_age_curves
            where is_mature and age_days < {DAYS_SHOWN}
            group by age_days order by age_days
            """,
            lines(
                "age_days",
                "reads_per_piece",
                Text("Reads a piece", "每份内容的阅读数"),
                [("age_days", Text("Days after the start", "开始后天数"), None),
                 ("reads_per_piece", Text("Reads a piece", "每份内容的阅读数"), ",.2f"),
                 ("read_count", _READS, ",d"), ("piece_count", _PIECES, ",d")],
                number=",.1f",
                is_date=False,
                x_label=Text("Days after the start", "开始后天数"),
            ),
            empty=_NO_CONTENT,
        ),
        Chart(
            "creators",
            Text("Who writes", "谁在创作"),
            Text(
                "Authors of whom a piece came out in the month; below zero: who had one the month "
                "before, and has none now.",
                "当月有内容发布的作者；零线以下：上月有、当月没有的作者。",
            ),
            ("marts.mart_creators",),
            f"""
            select period_start_date, measure, creator_count,
                case when measure = 'lost_creator_count' then -creator_count
                    else creator_count end as signed_count,
                published_count, reward_amount, reward_per_finished_read, is_mature
            from (
                unpivot (select * from {by_span("marts.mart_creators")} where grain = 'month')
                on retained_creator_count, resurrected_creator_count, new_creator_count,
                    lost_creator_count
                into name measure value creator_count
            )
            order by period_start_date, measure
            """,
            columns(
                "period_start_date",
                "signed_count",
                Text("Authors", "作者数"),
                [("period_start_date", MONTH, None), ("measure_name", Text("Who", "谁"), None),
                 ("creator_count", Text("Authors", "作者数"), ",d"),
                 ("published_count", Text("Pieces of the month", "当月内容数"), ",d"),
                 ("reward_amount", Text("Paid ({currency})", "奖励（{currency}）"), ",.2f"),
                 ("reward_per_finished_read",
                  Text("a finished read ({currency})", "每次读完（{currency}）"), ",.2f")],
                series=_CREATORS,
            ),
            _CREATORS,
            empty=_NO_CONTENT,
        ),
        Table(
            "pieces",
            Text("What was read most", "读得最多的内容"),
            Text(
                f"The {PIECES_SHOWN} pieces with most finished reads so far. Half-life: by then "
                "half of the reads of its life had begun.",
                f"至今读完次数最多的 {PIECES_SHOWN} 份内容。半衰期：到那时一半的阅读已经开始。",
            ),
            (_PERFORMANCE,),
            f"""
            select coalesce(title, content_id) as piece, origin, category, exposure_count,
                click_rate, read_count, finished_read_count, finish_rate, half_life_seconds,
                dwell_seconds / nullif(exposure_count, 0) as attention_seconds,
                {", ".join(
                    f"case when is_mature then '' else '{words}' end as life_{language}"
                    for language, words in (("en", "goes on"), ("zh", "未结束"))
                )}
            from {_PERFORMANCE}
            where window_days is null and finished_read_count > 0
            order by finished_read_count desc, content_id
            limit {PIECES_SHOWN}
            """,
            columns=(
                Column("piece", _WHAT),
                Column("category", Text("Category", "类目")),
                Column("origin", Text("Origin", "来源")),
                Column("finished_read_count", Text("Finished", "读完"), "count"),
                Column("finish_rate", _FINISHED, "rate"),
                Column("click_rate", _CLICKED, "rate"),
                Column("attention_seconds", _ATTENTION, "decimal"),
                Column("half_life_seconds", Text("Half-life", "半衰期"), "duration"),
                Column("life", Text("Its life", "寿命")),
            ),
            empty=_NO_CONTENT,
            is_wide=True,
        ),
    ),
)  # fmt: skip
