"""The rules of stages and segments in words, read from the definitions that a build was made of.

SQL that gives an id, `rule_en` and `rule_zh`; boards and the glossary show the same words.
"""

from __future__ import annotations

from collections.abc import Mapping

_STAGES = """
    select
        stage_id,
        case stage_id
            when 'introduction' then case
                when key_actions.labels_en is null
                    then 'Active on fewer than ' || min_active_days || ' days so far.'
                else 'Active, but no key action so far: ' || key_actions.labels_en || '.'
            end
            when 'growth' then 'Past introduction; not, or no longer, as regular as in maturity.'
            when 'maturity' then 'Past introduction; active in at least ' || min_active_weeks
                || ' of the ' || of_weeks || ' times 7 days that end on the last active day.'
            when 'dormancy' then case
                when mode = 'calibrated' then 'Not active for longer than four in five gaps '
                    || 'between active days of the year before, at least 7 days; not churned.'
                else 'Not active for more than ' || silent_over_days || ' days; not churned.'
            end
            when 'churn' then case
                when mode = 'calibrated' then 'Not active for longer than nine in ten gaps '
                    || 'between active days of the year before, and a day longer than dormancy.'
                else 'Not active for more than ' || silent_over_days || ' days.'
            end
        end as rule_en,
        case stage_id
            when 'introduction' then case
                when key_actions.labels_zh is null
                    then '累计活跃不足 ' || min_active_days || ' 天。'
                else '有过活跃，但还没有关键行为：' || key_actions.labels_zh || '。'
            end
            when 'growth' then '已过引入期，活跃还没有或不再像成熟期那样规律。'
            when 'maturity' then '已过引入期，且截至最近一个活跃日的 ' || of_weeks
                || ' 个 7 天中，至少 ' || min_active_weeks || ' 个有活跃。'
            when 'dormancy' then case
                when mode = 'calibrated'
                    then '沉默时间超过前一年八成的活跃间隔，至少 7 天，且未流失。'
                else '超过 ' || silent_over_days || ' 天没有活跃，且未流失。'
            end
            when 'churn' then case
                when mode = 'calibrated'
                    then '沉默时间超过前一年九成的活跃间隔，且比休眠期至少长一天。'
                else '超过 ' || silent_over_days || ' 天没有活跃。'
            end
        end as rule_zh
    from seeds.dim_lifecycle_stages
    cross join (
        select
            string_agg(coalesce(label_en, event_name), ', ' order by row_number) as labels_en,
            string_agg(coalesce(label_zh, event_name), '、' order by row_number) as labels_zh
        from seeds.dim_event_names
        where is_key_action
    ) as key_actions
"""


def _by_mean(score: str, low: str, middle: str, high: str) -> str:
    return (
        f"case when {score}_mean < 2.5 then '{low}' when {score}_mean <= 3.5 then '{middle}'"
        f" else '{high}' end"
    )


# A segment is a set of the 125 cells. The largest blocks of scores that lie wholly in it are few,
# and together they are it.
_SEGMENTS = f"""
    with scores as (
        select unnest(range(1, 6)) as score
    ),

    ranges as (
        select
            lowest.score as low,
            highest.score as high,
            concat_ws('‑', lowest.score, nullif(highest.score, lowest.score)) as words
        from scores as lowest
        inner join scores as highest on lowest.score <= highest.score
    ),

    blocks as (
        select
            cells.segment_id,
            r.low as r_low, r.high as r_high, f.low as f_low, f.high as f_high,
            m.low as m_low, m.high as m_high, count(*) as cell_count,
            concat('R', r.words, ' F', f.words, ' M', m.words) as words
        from ranges as r
        cross join ranges as f
        cross join ranges as m
        inner join seeds.dim_rfm_segments as cells
            on cells.r_score between r.low and r.high
            and cells.f_score between f.low and f.high
            and cells.m_score between m.low and m.high
        group by all
        having cell_count = (r_high - r_low + 1) * (f_high - f_low + 1) * (m_high - m_low + 1)
    ),

    largest as (
        select *
        from blocks
        where not exists (
            select 1
            from blocks as larger
            where larger.segment_id = blocks.segment_id
                and larger.cell_count > blocks.cell_count
                and blocks.r_low >= larger.r_low and blocks.r_high <= larger.r_high
                and blocks.f_low >= larger.f_low and blocks.f_high <= larger.f_high
                and blocks.m_low >= larger.m_low and blocks.m_high <= larger.m_high
        )
    )

    select
        segment_id,
        concat(
            'Ordered mostly ', {_by_mean("r", "long ago", "some time ago", "lately")},
            ', ', {_by_mean("f", "seldom", "at times", "often")},
            ', for ', {_by_mean("m", "little", "a middling amount", "much")},
            '; exactly: ', string_agg(words, ' or ' order by cell_count desc, words desc), '.'
        ) as rule_en,
        concat(
            '大多', {_by_mean("r", "很久以前", "一段时间前", "最近")},
            '下单，次数', {_by_mean("f", "少", "中等", "多")},
            '，金额', {_by_mean("m", "低", "中等", "高")},
            '；确切为：', string_agg(words, ' 或 ' order by cell_count desc, words desc), '。'
        ) as rule_zh
    from largest
    inner join (
        select segment_id, avg(r_score) as r_mean, avg(f_score) as f_mean, avg(m_score) as m_mean
        from seeds.dim_rfm_segments
        group by segment_id
    ) as means using (segment_id)
    group by segment_id, r_mean, f_mean, m_mean
"""
RULES: Mapping[str, str] = {
    "seeds.dim_lifecycle_stages": _STAGES,
    "seeds.dim_rfm_segment_labels": _SEGMENTS,
}
"""By the table that names what the rules are of."""


def glossary_link(table: str, column: str) -> str:
    """SQL of the address, from a board, at which the glossary says what an id means."""
    return f"'../glossary.html#{table}.' || {column}"
