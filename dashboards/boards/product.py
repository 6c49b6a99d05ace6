"""Which page loses people, is what is new used again, and what do users say?"""

from __future__ import annotations

from dashboards.board import (
    BLUE,
    GREEN,
    GREY,
    RED,
    SKY,
    Board,
    Chart,
    Choice,
    Column,
    Series,
    Table,
    Text,
    Tile,
    Tiles,
)
from dashboards.boards.shared import (
    FEW,
    MONTH,
    USERS,
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
from dashboards.specs import lines, rows

PAGES_SHOWN = 20
"""Pages, those that most visits see first; also whose elements can be chosen."""
BARS_SHOWN = 12
CURVES_SHOWN = 6
WEEKS_SHOWN = 52
_LAST_WEEKS = 12
"""Ripe weeks that are summed up to say whether a feature is used again."""
_ENDS_HERE = 0.9
"""A page at which more visits than these end is one at which people are done."""

_PAGE = Text("Page", "页面")
_VISITS = Text("Visits that see it", "浏览过的会话")
_EXIT_RATE = Text("Of them, end on it", "其中在此结束")
_FEATURE = Text("Feature", "功能")
_ADOPTED = Text("Took it up", "采用率")
_AGAIN = Text("Used it again", "再次使用率")
_ADOPTERS = Text("Took it up so far", "累计采用人数")
_BY_FEATURE = Series("by_feature_id", "feature", order="place")
_CLICKS = Text("Clicks", "点击数")
_FEEDBACK = Text("Feedback", "反馈数")
_NPS = Text("NPS", "NPS 净推荐值")
_THEME = Text("About", "关于")
_ANSWER_TIME = Text("Answered after, median", "答复用时中位数")
_LOOP = Text("Led to a release", "闭环率")
_VERDICTS = {
    "more": Text("More than elsewhere", "比别处多"),
    "unclear": Text("May be as elsewhere", "可能与别处一样"),
    "less": Text("Fewer than elsewhere", "比别处少"),
    "few": Text("Too few visits", "会话太少"),
    "end": Text("People are done here", "用户在此办完事"),
}
_BY_VERDICT = Series(
    "verdict_id", "verdict", labels=_VERDICTS, colours=(RED, GREY, GREEN, SKY, BLUE)
)
_NO_FEATURE = Text(
    "No feature is named, or nobody could use it yet (seeds/features.csv).",
    "没有定义功能，或者还没有人可以使用（seeds/features.csv）。",
)
_NO_FEEDBACK = Text("No feedback came (feed feedback).", "没有收到反馈（feedback 数据）。")

_EXITS = f"""
    with judged as (
        select * replace (
                case when verdict_id = 'more' and exit_rate_lower > {_ENDS_HERE} then 'end'
                    else verdict_id end as verdict_id
            ),
            row_number() over (
                partition by span order by verdict_id = 'few', exit_rate_lower desc, page
            ) as place,
            {sure("exit_rate")} as said
        from {
    beside_others(
        by_span("marts.mart_page_exits"), "exit_count", "session_count", "exit_rate", "span"
    )
}
        qualify row_number() over (
            partition by span order by session_count desc, page
        ) <= {PAGES_SHOWN}
    )
"""
_LOSING = "verdict_id = 'more'"
_WHICH_PAGE = f"""
    {_EXITS}

    select span,
        case when bool_or({_LOSING}) then
            string_agg(page || ': ' || said, '; ' order by place) filter ({_LOSING})
            || ' of the visits that see it end there, more than on the other pages together.'
            when bool_and(verdict_id = 'few') then 'Too few visits to tell.'
            else 'No page stands out from the others.' end
        || coalesce(' People are done on ' || string_agg(page, ', ' order by place)
            filter (verdict_id = 'end') || '.', '') as answer_en,
        case when bool_or({_LOSING}) then
            string_agg(page || '：' || said, '；' order by place) filter ({_LOSING})
            || ' 的浏览会话在此结束，高于其他页面合计。'
            when bool_and(verdict_id = 'few') then '会话太少，不能确定。'
            else '没有哪个页面明显高于其他页面。' end
        || coalesce('用户在 ' || string_agg(page, '、' order by place)
            filter (verdict_id = 'end') || ' 办完事。', '') as answer_zh,
        bool_and(is_mature) as is_mature
    from judged
    group by span
"""

_ADOPTION = "marts.mart_feature_adoption"
_USAGE = "marts.mart_feature_usage"
_FEATURES = """
    features as (
        select *, coalesce(label_en, feature_id) as feature_en,
            coalesce(label_zh, label_en, feature_id) as feature_zh,
            row_number() over (order by released_at desc nulls last, row_number) as place
        from seeds.dim_features
        where feature_id in (select feature_id from marts.mart_feature_adoption)
    )
"""
# Of those who used it in a week, those who did in the next, over the last weeks.
_IS_IT_USED_AGAIN = f"""
    with {_FEATURES},

    weeks as (
        select *, row_number() over (partition by feature_id order by period_start_date desc)
            as number
        from {_USAGE} where grain = 'week' and is_mature and previous_user_count is not null
    ),

    again as (
        select feature_id, sum(previous_user_count) as previous_count,
            {rate_of("sum(retained_user_count)", "sum(previous_user_count)", "again")}
        from weeks where number <= {_LAST_WEEKS} group by feature_id
    )

    select features.feature_id,
        case when coalesce(again.previous_count, 0) < {FEW} then 'Too few users to tell.'
            else format('{{}} of those who use it in a week do in the next: ', {sure("again")})
            || case when again_lower > 0.5 then 'most come back to it.'
                when again_upper < 0.5 then 'most do not come back to it.'
                else 'about half come back to it.' end end
        || case when adoption.mature_eligible_count < {FEW} then ''
            else format(' {{}} of those who could took it up within {{}} days.',
                {sure("adoption_rate")}, features.window_days) end as answer_en,
        case when coalesce(again.previous_count, 0) < {FEW} then '用户太少，不能确定。'
            else format('一周内用过的人中 {{}} 下一周再用：', {sure("again")})
            || case when again_lower > 0.5 then '多数会再用。'
                when again_upper < 0.5 then '多数不再用。'
                else '约一半会再用。' end end
        || case when adoption.mature_eligible_count < {FEW} then ''
            else format('可以使用的人中 {{}} 在 {{}} 天内采用。',
                {sure("adoption_rate")}, features.window_days) end as answer_zh
    from features
    inner join {_ADOPTION} as adoption on features.feature_id = adoption.feature_id
        and adoption.grain = 'all'
    left join again on features.feature_id = again.feature_id
"""

# Of promoters less detractors: Bonett and Price 2012, the adjusted Wald interval of a difference
# of two shares of the same people, which holds for few of them too.
_RATED = f"""
    counted as (
        select *, promoter_count + passive_count + detractor_count as nps_count,
            (promoter_count - detractor_count) / (nps_count + 2) as middle,
            1.959963984540054 * sqrt((
                (promoter_count + detractor_count + 2) / (nps_count + 2) - middle * middle
            ) / (nps_count + 2)) as half,
            100 * nps as score,
            case when nps_count > 0 then 100 * greatest(-1, middle - half) end as score_low,
            case when nps_count > 0 then 100 * least(1, middle + half) end as score_high,
            format('{{:+.0f}} ({{:+.0f}} – {{:+.0f}})', score, score_low, score_high) as rated
        from {by_span("marts.mart_feedback")}
    )
"""
_ARE_THEY_GLAD = f"""
    with {_RATED}

    select span,
        case when nps_count = 0 then 'Nobody was asked.'
            else format('NPS {{}} of {{:,}} answers: ', rated, nps_count)
            || case when nps_count < {FEW} then 'too few to tell.'
                when score_low > 0 then 'more promote it than detract.'
                when score_high < 0 then 'more detract than promote it.'
                else 'as many may promote it as detract.' end end as answer_en,
        case when nps_count = 0 then '没有人被问过。'
            else format('{{1:,}} 份回答的 NPS 为 {{0}}：', rated, nps_count)
            || case when nps_count < {FEW} then '太少，不能确定。'
                when score_low > 0 then '推荐者多于贬损者。'
                when score_high < 0 then '贬损者多于推荐者。'
                else '推荐者与贬损者可能一样多。' end end as answer_zh,
        is_mature
    from counted
    where dimension = 'all' and feedback_count > 0
"""
_KINDS = {
    "nps": Text("NPS", "NPS"),
    "rating": Text("Rating", "评分"),
    "complaint": Text("Complaint", "投诉"),
    "suggestion": Text("Suggestion", "建议"),
    "bug": Text("Bug", "缺陷"),
}


def _about(language: str) -> str:
    return (
        f"coalesce(case dimension when 'kind' then {in_words('dimension_value', _KINDS, language)}"
        f" when 'feature' then features.feature_{language} end, dimension_value)"
        f" as about_{language}"
    )


# What most feedback is about, by each way to part it; what is about nothing there is left out.
_THEMES = f"""
    with {_RATED},

    {_FEATURES}

    select
        span, dimension, {_about("en")}, {_about("zh")}, feedback_count, user_count, mean_score,
        nps_count, rated, answered_count / feedback_count as answered_rate,
        median_seconds_to_answer, closed_count / feedback_count as closed_rate, released_count,
        closed_loop_rate,
        row_number() over (
            partition by span, dimension order by feedback_count desc, dimension_value
        ) as theme_number,
        is_mature
    from counted
    left join features on dimension_value = features.feature_id
    where dimension <> 'all' and dimension_value <> '' and feedback_count > 0
    qualify theme_number <= {BARS_SHOWN}
    order by span, dimension, theme_number
"""

BOARD = Board(
    name="product",
    title=Text("Product", "产品"),
    question=Text(
        "Which page loses people, is what is new used again, and what do users say?",
        "哪个页面在流失用户，新功能有没有人再用，用户怎么说？",
    ),
    filters=(
        Choice(
            "feature_id",
            _FEATURE,
            f"""
            with {_FEATURES}

            select feature_id as value, feature_en as label_en, feature_zh as label_zh
            from features order by place
            """,
        ),
        spans("marts.mart_page_exits", "marts.mart_feedback"),
        Choice(
            "page",
            Text("Elements of", "页面元素"),
            f"""
            select null as value, 'All pages' as label_en, '所有页面' as label_zh
            union all
            select page, page, case when page = 'Other' then '其他' else page end
            from (
                select page, sum(click_count) as click_count from marts.mart_page_elements
                where grain = 'all' group by page order by 2 desc, 1 limit {PAGES_SHOWN}
            )
            """,
        ),
        Choice(
            "dimension",
            Text("Feedback by", "反馈按"),
            """
            select * from (values ('tag', 'Theme', '主题'), ('kind', 'Kind', '种类'),
                ('feature', 'Feature', '功能'), ('content', 'Content', '内容'),
                ('merchant', 'Merchant', '商家')) as dimensions (value, label_en, label_zh)
            """,
        ),
    ),
    items=(
        answer(
            "losing",
            Text("Which page loses people?", "哪个页面在流失用户？"),
            _WHICH_PAGE,
            ("marts.mart_page_exits",),
            Text("Nobody viewed a page yet.", "还没有人浏览页面。"),
            is_wide=True,
        ),
        answer(
            "used_again",
            Text("Is the feature used again by those who tried it?",
                 "试过该功能的人有没有再用？"),
            _IS_IT_USED_AGAIN,
            (_USAGE, _ADOPTION),
            _NO_FEATURE,
            is_wide=False,
        ),
        answer(
            "glad",
            Text("How gladly do users recommend it?", "用户有多愿意推荐？"),
            _ARE_THEY_GLAD,
            ("marts.mart_feedback",),
            _NO_FEEDBACK,
            is_wide=False,
        ),
        Chart(
            "exits",
            Text("Where visits end", "会话在哪里结束"),
            Text(
                "Point: share of the visits that see a page which end on it. Line: where it lies "
                f"with 95% certainty. The worst first; under {FEW} visits last.",
                "点：浏览过该页面的会话中在此结束的比例。线：95% 置信区间。"
                f"最差的在前；少于 {FEW} 次会话的在最后。",
            ),
            ("marts.mart_page_exits",),
            f"""
            {_EXITS}

            select
                span, page as page_name, session_count, entry_count, exit_count,
                bounce_count / nullif(entry_count, 0) as bounce_rate, exit_rate,
                exit_rate_lower, exit_rate_upper, others_rate, verdict_id, place, is_mature
            from judged
            order by span, place
            """,
            rate_beside_others(
                ("page_name", _PAGE),
                "exit_rate",
                _EXIT_RATE,
                [("session_count", _VISITS, ",d"),
                 ("entry_count", Text("Visits that begin on it", "从此进入的会话"), ",d"),
                 ("bounce_rate", Text("Of these, see nothing else", "其中只看了它"), ".1%")],
                _BY_VERDICT,
                others=Text("On the others together", "其他页面合计"),
                scale={"domain": [0, 1]},
            ),
            _BY_VERDICT,
            is_wide=True,
        ),
        Chart(
            "elements",
            Text("What is clicked", "点击了什么"),
            Text(
                "Clicks of each element, the most clicked first. Beside them: of the visits that "
                "see the page, those with a click on it.",
                "每个元素的点击数，最多的在前。旁边是浏览过该页面的会话中点击了它的比例。",
            ),
            ("marts.mart_page_elements",),
            f"""
            select
                span, shown.page, {", ".join(
                    f"case when shown.page is null then elements.page || ' · ' else '' end"
                    f" || case when element = '' then '{none}' else element end as name_{language}"
                    for language, none in (("en", "(not said)"), ("zh", "（未写明）"))
                )},
                click_count, user_count, page_session_count, click_rate,
                {sure("click_rate")} as said,
                row_number() over (
                    partition by span, shown.page order by click_count desc, elements.page, element
                ) as place,
                is_mature
            from {by_span("marts.mart_page_elements")} as elements
            inner join lateral (select unnest([null, elements.page]) as page) as shown on true
            qualify place <= {BARS_SHOWN}
            order by span, shown.page, place
            """,
            rows(
                "name",
                "click_count",
                _CLICKS,
                [("name", Text("Element", "元素"), None), ("click_count", _CLICKS, ",d"),
                 ("user_count", USERS, ",d"),
                 ("said", Text("Visits with a click", "有点击的会话"), None),
                 ("page_session_count", Text("of visits that see the page", "浏览过页面的会话"),
                  ",d")],
                order="place",
                text="format(datum.click_count, ',') + "
                     "(isValid(datum.click_rate) ? ' · ' + format(datum.click_rate, '.1%') : '')",
            ),
        ),
        Chart(
            "again",
            Text("Who uses it again", "谁再次使用"),
            Text(
                "Of those who used the feature in a week, the share that did in the next. Shaded: "
                "where it lies with 95% certainty; n: of how many.",
                "某周用过该功能的人中下一周再用的比例。阴影是 95% 置信区间，n 是人数。",
            ),
            (_USAGE,),
            f"""
            select feature_id, period_start_date, retention_rate, retention_rate_lower,
                retention_rate_upper, previous_user_count, retained_user_count, user_count,
                usage_rate, is_mature
            from {_USAGE}
            where grain = 'week' and period_start_date > (
                select max(period_start_date) - {7 * WEEKS_SHOWN} from {_USAGE}
            )
            order by feature_id, period_start_date
            """,
            rate_by_period(
                "retention_rate",
                _AGAIN,
                [("retained_user_count", Text("Users again", "再次使用的用户"), ",d"),
                 ("previous_user_count", Text("of users the week before", "上一周的用户"), ",d"),
                 ("user_count", Text("Users of the week", "当周用户"), ",d"),
                 ("usage_rate", Text("of those active", "占活跃用户"), ".1%")],
                of="previous_user_count",
                period=Text("Week", "周"),
            ),
            empty=_NO_FEATURE,
        ),
        Chart(
            "adoption",
            Text("Who takes it up", "谁采用了它"),
            Text(
                "By the month in which users could use it first: the share that took it up within "
                "its window. Shaded: where it lies with 95% certainty; n: of how many.",
                "按用户开始可以使用的月份：在窗口内采用的比例。阴影是 95% 置信区间，n 是人数。",
            ),
            (_ADOPTION,),
            f"""
            select feature_id, period_start_date, adoption_rate, adoption_rate_lower,
                adoption_rate_upper, mature_eligible_count, mature_adopter_count, eligible_count,
                adopter_count, median_seconds_to_adopt, is_mature
            from {by_span(_ADOPTION)}
            where grain = 'month'
            order by feature_id, period_start_date
            """,
            rate_by_period(
                "adoption_rate",
                _ADOPTED,
                [("mature_adopter_count", Text("Users who did", "采用的用户"), ",d"),
                 ("mature_eligible_count",
                  Text("of those whose window is over", "窗口已结束的用户"), ",d"),
                 ("adopter_count", Text("So far", "目前采用"), ",d"),
                 ("eligible_count", Text("of all who could", "可以使用的用户"), ",d"),
                 ("median_seconds_to_adopt", Text("After, median", "用时中位数"), "duration")],
                of="mature_eligible_count",
            ),
            empty=_NO_FEATURE,
        ),
        Chart(
            "adopters",
            Text("Adoption of all features", "各功能的采用曲线"),
            Text(
                "Users who have taken it up by the end of the month, of the newest "
                f"{CURVES_SHOWN} features.",
                f"截至当月月末累计采用的用户数，最新的 {CURVES_SHOWN} 个功能。",
            ),
            (_USAGE,),
            f"""
            with {_FEATURES}

            select features.feature_id as by_feature_id, features.feature_en,
                features.feature_zh, features.place, period_start_date, new_adopter_count,
                sum(new_adopter_count) over (
                    partition by features.feature_id order by period_start_date
                ) as adopters_so_far, usage.is_mature
            from {_USAGE} as usage
            inner join features on usage.feature_id = features.feature_id
            where usage.grain = 'month' and features.place <= {CURVES_SHOWN}
            order by features.place, period_start_date
            """,
            lines(
                "period_start_date",
                "adopters_so_far",
                _ADOPTERS,
                [("feature", _FEATURE, None), ("period_start_date", MONTH, None),
                 ("adopters_so_far", _ADOPTERS, ",d"),
                 ("new_adopter_count", Text("In the month", "当月"), ",d")],
                series=_BY_FEATURE,
            ),
            _BY_FEATURE,
            empty=_NO_FEATURE,
        ),
        Table(
            "launches",
            Text("What else changed when it came", "上线前后还有什么变化"),
            Text(
                "Who took it up within its window, beside other users, before and after. Who takes "
                "a feature up is another user than who does not: no effect of it, unless a "
                "campaign gave it by lot.",
                "窗口内采用的用户与其他用户，上线前后对比。采用者本来就与不采用者不同："
                "除非由活动随机开放，否则这不是功能的效果。",
            ),
            ("marts.mart_feature_launches",),
            f"""
            select feature_id,
                case measure_id when 'active_days' then 'Active days'
                    when 'net_amount' then 'Net amount ({{currency}})' else measure_id end
                    as measure_en,
                case measure_id when 'active_days' then '活跃天数'
                    when 'net_amount' then '净额（{{currency}}）' else measure_id end
                    as measure_zh,
                adopter_count, other_count,
                format('{{:.2f}} → {{:.2f}}', adopter_mean_before, adopter_mean_after)
                    as of_adopters,
                format('{{:.2f}} → {{:.2f}}', other_mean_before, other_mean_after) as of_others,
                format('{{:+.2f}}', change_difference) || coalesce(format(
                    ' ({{:+.2f}} – {{:+.2f}})', change_difference_lower, change_difference_upper
                ), '') as difference,
                case when is_randomized then 'By lot: see campaign ' || campaign_id
                    when least(adopter_count, other_count) < {FEW} then 'No: too few users'
                    else 'No: adopters are other people' end as trust_en,
                case when is_randomized then '随机开放：见活动 ' || campaign_id
                    when least(adopter_count, other_count) < {FEW} then '不能：人数太少'
                    else '不能：采用者本来就不同' end as trust_zh,
                is_mature
            from marts.mart_feature_launches
            where adopter_count > 0 and other_count > 0
            order by feature_id, measure_id
            """,
            columns=(
                Column("measure", Text("Measure, per user", "人均指标")),
                Column("adopter_count", Text("Took it up", "采用者"), "count"),
                Column("of_adopters", Text("Before → after", "上线前 → 后")),
                Column("other_count", Text("Others", "其他用户"), "count"),
                Column("of_others", Text("Before → after", "上线前 → 后")),
                Column("difference", Text("Difference (95% interval)", "差异（95% 区间）")),
                Column("trust", Text("Is it its effect?", "是功能的效果吗？")),
            ),
            empty=Text("No feature has been released between data before and after it.",
                       "没有功能在上线前后都有数据。"),
            is_wide=True,
        ),
        Chart(
            "nps",
            Text("Promoters less detractors", "推荐者减贬损者"),
            Text(
                "NPS of the month, from -100 to 100; shaded: where it lies with 95% certainty. "
                "Two months whose shades meet may be the same.",
                "当月 NPS，-100 到 100；阴影是 95% 置信区间。阴影相交的两个月可能没有差别。",
            ),
            ("marts.mart_feedback",),
            f"""
            with {_RATED}

            select period_start_date, score, score_low, score_high, nps_count,
                promoter_count, passive_count, detractor_count, is_mature
            from counted
            where dimension = 'all' and span <> 'all'
            order by period_start_date
            """,
            lines(
                "period_start_date",
                "score",
                _NPS,
                [("period_start_date", MONTH, None), ("score", _NPS, "+.0f"),
                 ("score_low", Text("at least", "至少"), "+.0f"),
                 ("score_high", Text("at most", "至多"), "+.0f"),
                 ("nps_count", Text("Answers", "回答数"), ",d"),
                 ("promoter_count", Text("9 or 10", "9 或 10 分"), ",d"),
                 ("passive_count", Text("7 or 8", "7 或 8 分"), ",d"),
                 ("detractor_count", Text("6 or less", "6 分及以下"), ",d")],
                number="+d",
                beneath="nps_count",
                mark_at=0,
                between=("score_low", "score_high"),
            ),
            empty=_NO_FEEDBACK,
        ),
        Tiles(
            "care",
            Text("What comes of feedback", "反馈之后"),
            Text(
                "All feedback of the month. Closed loop: a release names it as done.",
                "当月的全部反馈。闭环：已有版本按其改好。",
            ),
            ("marts.mart_feedback",),
            f"""
            select span, feedback_count, user_count, mean_score,
                answered_count / nullif(feedback_count, 0) as answered_rate,
                median_seconds_to_answer, closed_loop_rate, is_mature
            from {by_span("marts.mart_feedback")}
            where dimension = 'all'
            order by span
            """,
            tiles=(
                Tile("feedback_count", _FEEDBACK),
                Tile("user_count", USERS),
                Tile("answered_rate", Text("Answered", "已答复"), "rate"),
                Tile("median_seconds_to_answer", _ANSWER_TIME, "duration"),
                Tile("closed_loop_rate", _LOOP, "rate"),
            ),
            empty=_NO_FEEDBACK,
        ),
        Chart(
            "themes",
            Text("What feedback is about", "反馈说的是什么"),
            Text(
                "Pieces of feedback, the most first. One may have several themes, or be about "
                "nothing here.",
                "反馈条数，最多的在前。一条反馈可以有多个主题，也可能都不涉及。",
            ),
            ("marts.mart_feedback",),
            _THEMES,
            rows(
                "about",
                "feedback_count",
                _FEEDBACK,
                [("about", _THEME, None), ("feedback_count", _FEEDBACK, ",d"),
                 ("user_count", USERS, ",d"), ("rated", _NPS, None),
                 ("nps_count", Text("Answers", "回答数"), ",d"),
                 ("mean_score", Text("Mean score", "平均分"), ".1f")],
                order="theme_number",
                text="format(datum.feedback_count, ',') + (datum.nps_count >= "
                     f"{FEW} ? ' · NPS ' + datum.rated : '')",
            ),
            empty=_NO_FEEDBACK,
        ),
        Table(
            "handled",
            Text("How it is dealt with", "处理得怎样"),
            Text(
                "The same, in the same order: how soon it is answered, and what is done.",
                "同上，顺序相同：多久答复，是否改好。",
            ),
            ("marts.mart_feedback",),
            _THEMES,
            columns=(
                Column("about", _THEME),
                Column("feedback_count", _FEEDBACK, "count"),
                Column("answered_rate", Text("Answered", "已答复"), "rate"),
                Column("median_seconds_to_answer", _ANSWER_TIME, "duration"),
                Column("closed_rate", Text("Dealt with", "已处理"), "rate"),
                Column("closed_loop_rate", _LOOP, "rate"),
            ),
            empty=_NO_FEEDBACK,
        ),
    ),
)  # fmt: skip
