"""How long do users stay, whom do they bring, and who comes back?"""

from __future__ import annotations

from dashboards.board import (
    GREEN,
    GREY,
    RED,
    SKY,
    Board,
    Chart,
    Choice,
    Series,
    Text,
    Tile,
    Tiles,
)
from dashboards.boards.shared import (
    FEW,
    MONTH,
    answer,
    beside_others,
    breakdown,
    by_span,
    rate_beside_others,
    rate_by_period,
    spans,
    sure,
)
from dashboards.specs import lines

BARS_SHOWN = 15
_DAY_TOLD = 30
"""The day of which a sentence says how many are left."""

_SURVIVAL = "marts.mart_survival_curves"
_REFERRALS = "marts.mart_referrals"
_WINBACK = "marts.mart_winback"
_LEFT = Text("Still there", "仍在")
_K = Text("K: new users an active one brings", "K：每个活跃用户带来的新用户")
_RETURNED = Text("Came back", "召回率")
_SILENT = Text("of those whose time is over", "期限已过的沉默用户")
_LAST = Text("Seen last", "最后看到")
_NO_CURVE = Text(
    "No curve is defined, or nobody entered it yet (seeds/survivals.csv).",
    "没有定义曲线，或者还没有人进入（seeds/survivals.csv）。",
)
_NO_SILENCE = Text("Nobody has fallen silent yet.", "还没有用户沉默。")
_VERDICTS = {
    "more": Text("More than the others", "比其他多"),
    "unclear": Text("May be as the others", "可能与其他一样"),
    "less": Text("Fewer than the others", "比其他少"),
    "few": Text("Too few users", "人数太少"),
}
_BY_VERDICT = Series("verdict_id", "verdict", labels=_VERDICTS, colours=(GREEN, GREY, RED, SKY))

_HOW_LONG = f"""
    with curves as (
        select survival_id, breakdown_value, max(at_risk_count) as subject_count,
            any_value(median_days) as median_days, max(day) as last_day,
            max_by(survival_rate, day) filter (day <= {_DAY_TOLD}) as told_rate,
            max_by(survival_rate_lower, day) filter (day <= {_DAY_TOLD}) as told_rate_lower,
            max_by(survival_rate_upper, day) filter (day <= {_DAY_TOLD}) as told_rate_upper
        from {_SURVIVAL} group by survival_id, breakdown_value
    )

    select survival_id, breakdown_value,
        case when subject_count < {FEW} then 'Too few to tell.' else
            case when median_days is null
                then format('More than half are left on day {{:,}}, the last known.', last_day)
                else format('Half are gone by day {{:,}}.', median_days) end
            || case when last_day < {_DAY_TOLD} then '' else coalesce(format(
                ' After {_DAY_TOLD} days {{}} are left.', {sure("told_rate")}), '') end
        end as answer_en,
        case when subject_count < {FEW} then '太少，不能确定。' else
            case when median_days is null
                then format('到最后已知的第 {{:,}} 天，仍有一半以上在。', last_day)
                else format('到第 {{:,}} 天已有一半离开。', median_days) end
            || case when last_day < {_DAY_TOLD} then '' else coalesce(format(
                '{_DAY_TOLD} 天后仍有 {{}}。', {sure("told_rate")}), '') end
        end as answer_zh
    from curves
"""
# K is invites a user times their acceptance, and is as sure as that is.
_SPREAD = f"""
    spread as (
        select *, invites_per_user * acceptance_rate_lower as k_low,
            invites_per_user * acceptance_rate_upper as k_high
        from {by_span(_REFERRALS)}
    )
"""
_DOES_IT_SPREAD = f"""
    with {_SPREAD}

    select span,
        case when mature_invite_count < {FEW} then 'Too few invites whose time is over to tell.'
            else format('K is {{:.3f}} ({{:.3f}} – {{:.3f}}): ', k_factor, k_low, k_high)
            || case when k_low >= 1 then 'it spreads by itself.'
                when k_high < 1 then 'it does not spread by itself.'
                else 'it may spread by itself.' end
            || format(' {{}} of the invites are accepted.', {sure("acceptance_rate")})
        end as answer_en,
        case when mature_invite_count < {FEW} then '期限已过的邀请太少，不能确定。'
            else format('K 为 {{:.3f}} ({{:.3f}} – {{:.3f}})：', k_factor, k_low, k_high)
            || case when k_low >= 1 then '能自行增长。'
                when k_high < 1 then '不能自行增长。'
                else '可能自行增长。' end
            || format('邀请的接受率为 {{}}。', {sure("acceptance_rate")})
        end as answer_zh,
        is_mature
    from spread
    where invite_count > 0
"""
_BACK = f"""
    with names as (
        select 'last_feature' as dimension, feature_id as id, label_en, label_zh
        from seeds.dim_features
        union all
        select 'last_campaign', campaign_id, campaign_name, campaign_name from facts.dim_campaigns
        union all
        select 'last_content', content_id, title, title
        from marts.mart_content_performance where window_days is null
        union all
        values ('open_feedback', 'true', 'Feedback that is open', '有未处理的反馈'),
            ('open_feedback', 'false', 'None that is open', '没有未处理的反馈')
    ),

    judged as (
        select back.*, {sure("return_rate")} as said,
            case when dimension_value = '' then '(none)'
                else coalesce(names.label_en, dimension_value) end as seen_en,
            case when dimension_value = '' then '（无）'
                else coalesce(names.label_zh, names.label_en, dimension_value) end as seen_zh,
            row_number() over (
                partition by span, stage_id, back.dimension
                order by verdict_id = 'few', return_rate_lower desc, dimension_value
            ) as place
        from {
    beside_others(
        f"(select * from {by_span(_WINBACK)} where dimension <> 'all')",
        "mature_returned_count",
        "mature_silent_count",
        "return_rate",
        "span, stage_id, dimension",
    )
} as back
        left join names on back.dimension = names.dimension and dimension_value = names.id
        where mature_silent_count > 0
        qualify row_number() over (
            partition by span, stage_id, back.dimension
            order by mature_silent_count desc, dimension_value
        ) <= {BARS_SHOWN}
    )
"""
_WHO_COMES_BACK = f"""
    {_BACK},

    together as (
        select span, stage_id, mature_silent_count, {sure("return_rate")} as said, is_mature
        from {by_span(_WINBACK)}
        where dimension = 'all' and silent_count > 0
    )

    select together.span, together.stage_id, dimensions.dimension,
        case when mature_silent_count < {FEW} then 'Too few users to tell.'
            else format('{{}} of {{:,}} came back in time.', together.said, mature_silent_count)
            || coalesce(' More of those who saw last: ' || judged.more_en || '.', '')
            || coalesce(' Fewer: ' || judged.less_en || '.', '') end as answer_en,
        case when mature_silent_count < {FEW} then '人数太少，不能确定。'
            else format('{{1:,}} 人中 {{0}} 按期回来。', together.said, mature_silent_count)
            || coalesce('最后看到这些的回来更多：' || judged.more_zh || '。', '')
            || coalesce('更少：' || judged.less_zh || '。', '') end as answer_zh,
        is_mature
    from together
    cross join (select unnest(['last_feature', 'last_content', 'last_campaign', 'open_feedback'])
        as dimension) as dimensions
    left join (
        select span, stage_id, dimension, {
    ", ".join(
        f"string_agg(seen_{language} || ' ' || said, '{comma}' order by place)"
        f" filter (verdict_id = '{verdict}') as {verdict}_{language}"
        for verdict in ("more", "less")
        for language, comma in (("en", "; "), ("zh", "；"))
    )
}
        from judged group by span, stage_id, dimension
    ) as judged using (span, stage_id, dimension)
"""

BOARD = Board(
    name="growth",
    title=Text("User growth", "用户增长"),
    question=Text(
        "How long do users stay, whom do they bring, and who comes back?",
        "用户能留多久，带来了谁，谁又回来了？",
    ),
    filters=(
        Choice(
            "survival_id",
            Text("Survival curve", "存活曲线"),
            "select survival_id as value, coalesce(label_en, survival_id) as label_en, label_zh"
            " from seeds.dim_survivals order by row_number",
        ),
        breakdown(_SURVIVAL, "survival_id", "at_risk_count"),
        spans(_REFERRALS, _WINBACK),
        Choice(
            "stage_id",
            Text("Fell into", "进入"),
            "select stage_id as value, label_en, label_zh from seeds.dim_lifecycle_stages"
            " where stage_id in ('dormancy', 'churn') order by stage_number",
        ),
        Choice(
            "dimension",
            Text("Silent after", "沉默之前"),
            """
            select * from (values ('last_feature', 'The last feature', '最后的功能'),
                ('last_content', 'The last piece of content', '最后的内容'),
                ('last_campaign', 'The last campaign', '最后的活动'),
                ('open_feedback', 'Feedback', '反馈')) as dimensions (value, label_en, label_zh)
            """,
        ),
    ),
    items=(
        answer(
            "lasting",
            Text("How long do they last?", "能留多久？"),
            _HOW_LONG,
            (_SURVIVAL,),
            _NO_CURVE,
            is_wide=True,
        ),
        answer(
            "spreading",
            Text("Does it spread by itself?", "能自行增长吗？"),
            _DOES_IT_SPREAD,
            (_REFERRALS,),
            Text("Nobody has invited anybody yet.", "还没有人邀请别人。"),
            is_wide=False,
        ),
        answer(
            "returning",
            Text("Who comes back?", "谁会回来？"),
            _WHO_COMES_BACK,
            (_WINBACK,),
            _NO_SILENCE,
            is_wide=False,
        ),
        Chart(
            "survival",
            Text("How long they last", "能留多久"),
            Text(
                "Share that is left after so many days; who is still there counts as long as is "
                "known (Kaplan–Meier). Shaded: where it lies with 95% certainty.",
                "这么多天后仍在的比例；仍在的按已知的时间计（Kaplan–Meier）。阴影是 95% 置信区间。",
            ),
            (_SURVIVAL,),
            f"""
            select survival_id, breakdown_value, day, survival_rate, survival_rate_lower,
                survival_rate_upper, at_risk_count, ended_count, censored_count, median_days
            from {_SURVIVAL}
            order by survival_id, breakdown_value, day
            """,
            lines(
                "day",
                "survival_rate",
                _LEFT,
                [("day", Text("Days", "天数"), None), ("survival_rate", _LEFT, ".1%"),
                 ("survival_rate_lower", Text("at least", "至少"), ".1%"),
                 ("survival_rate_upper", Text("at most", "至多"), ".1%"),
                 ("at_risk_count", Text("Known to have lasted so long", "已知持续到此"), ",d"),
                 ("ended_count", Text("Gone that day", "当天离开"), ",d"),
                 ("median_days", Text("Half are gone by day", "半数离开于第几天"), ",d")],
                number=".0%",
                is_date=False,
                x_label=Text("Days after the start", "开始后天数"),
                between=("survival_rate_lower", "survival_rate_upper"),
                is_stepped=True,
            ),
            empty=_NO_CURVE,
            is_wide=True,
        ),
        Tiles(
            "referrals",
            Text("Whom users bring", "用户带来了谁"),
            Text(
                "Invites of the month whose time to accept is over. K = invites a user × accepted; "
                "the cycle runs from the inviter's first event to the acceptance.",
                "当月发出、接受期限已过的邀请。K = 人均邀请数 × 接受率；"
                "裂变周期从邀请人的首个事件到被接受。",
            ),
            (_REFERRALS,),
            f"""
            with {_SPREAD}

            select span, k_factor, invites_per_user, acceptance_rate, inviter_count,
                mature_invite_count, mature_accepted_count,
                format('{{:.3f}} – {{:.3f}}', k_low, k_high) as k_between,
                format('{{:.1f}}% – {{:.1f}}%', 100 * acceptance_rate_lower,
                    100 * acceptance_rate_upper) as accepted_between,
                median_seconds_to_accept, median_cycle_seconds, is_mature
            from spread
            order by span
            """,
            tiles=(
                Tile("k_factor", Text("K", "K 因子"), "amount", note="k_between"),
                Tile("invites_per_user", Text("Invites an active user", "人均邀请数"), "amount"),
                Tile("acceptance_rate", Text("Accepted", "接受率"), "rate",
                     note="accepted_between"),
                Tile("mature_accepted_count", Text("New users by invite", "受邀新用户")),
                Tile("median_seconds_to_accept", Text("Until accepted, median", "接受用时中位数"),
                     "duration"),
                Tile("median_cycle_seconds", Text("Cycle, median", "裂变周期中位数"), "duration"),
            ),
            is_wide=True,
        ),
        Chart(
            "spread",
            Text("Does it spread?", "能否裂变"),
            Text(
                "K of the month. Shaded: as sure as the share of invites that are accepted. At 1 "
                "it would go on by itself.",
                "当月的 K 因子。阴影来自接受率的 95% 置信区间。达到 1 才能自行增长。",
            ),
            (_REFERRALS,),
            f"""
            with {_SPREAD}

            select period_start_date, k_factor, k_low, k_high, invite_count, accepted_count,
                mature_invite_count, mature_accepted_count, active_user_count, is_mature
            from spread
            where grain = 'month'
            order by period_start_date
            """,
            lines(
                "period_start_date",
                "k_factor",
                _K,
                [("period_start_date", MONTH, None), ("k_factor", _K, ".3f"),
                 ("k_low", Text("at least", "至少"), ".3f"),
                 ("k_high", Text("at most", "至多"), ".3f"),
                 ("mature_accepted_count", Text("Accepted", "被接受"), ",d"),
                 ("mature_invite_count", Text("of invites whose time is over", "期限已过的邀请"),
                  ",d"),
                 ("active_user_count", Text("Active users", "活跃用户"), ",d")],
                number=".2f",
                beneath="mature_invite_count",
                between=("k_low", "k_high"),
            ),
        ),
        Chart(
            "returns",
            Text("Who comes back", "谁会回来"),
            Text(
                "Of users who fell silent in the month, the share that came back in time. Shaded: "
                "where it lies with 95% certainty; n: of how many.",
                "当月沉默的用户中按期回来的比例。阴影是 95% 置信区间，n 是人数。",
            ),
            (_WINBACK,),
            f"""
            select stage_id, period_start_date, return_rate, return_rate_lower,
                return_rate_upper, silent_count, mature_silent_count, mature_returned_count,
                returned_count, touched_returned_count, is_mature
            from {by_span(_WINBACK)}
            where dimension = 'all' and grain = 'month'
            order by stage_id, period_start_date
            """,
            rate_by_period(
                "return_rate",
                _RETURNED,
                [("mature_returned_count", Text("Users who did", "回来的用户"), ",d"),
                 ("mature_silent_count", _SILENT, ",d"),
                 ("silent_count", Text("Fell silent", "沉默用户"), ",d"),
                 ("returned_count", Text("Back so far", "目前回来"), ",d"),
                 ("touched_returned_count", Text("of them, after a message", "其中由消息触达"),
                  ",d")],
                of="mature_silent_count",
            ),
            empty=_NO_SILENCE,
        ),
        Chart(
            "seen",
            Text("Win-back by what was seen last", "按最后看到的内容看召回"),
            Text(
                "Point: share of users who fell silent that came back in time. Line: where it lies "
                f"with 95% certainty. Most sure to return first; under {FEW} users last.",
                "点：沉默用户中按期回来的比例。线：95% 置信区间。"
                f"最可能回来的在前；少于 {FEW} 人的在最后。",
            ),
            (_WINBACK,),
            f"""
            {_BACK}

            select span, stage_id, dimension, seen_en, seen_zh, return_rate, return_rate_lower,
                return_rate_upper, others_rate, mature_silent_count, mature_returned_count,
                touched_returned_count, verdict_id, place, is_mature
            from judged
            order by span, stage_id, dimension, place
            """,
            rate_beside_others(
                ("seen", _LAST),
                "return_rate",
                _RETURNED,
                [("mature_silent_count", _SILENT, ",d"),
                 ("touched_returned_count", Text("Back after a message", "由消息触达后回来"),
                  ",d")],
                _BY_VERDICT,
                scale={"domain": [0, 1]},
            ),
            _BY_VERDICT,
            empty=_NO_SILENCE,
            is_wide=True,
        ),
    ),
)  # fmt: skip
