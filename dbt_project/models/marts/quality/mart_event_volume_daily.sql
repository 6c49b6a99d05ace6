with

fct_event_days as (

    select * from {{ ref('fct_event_days') }}

),

fct_event_day_norms as (

    select * from {{ ref('fct_event_day_norms') }}

),

compared as (

    select
        days.source_id,
        days.event_name,
        days.event_count,
        norms.expected_count,
        norms.lower_count,
        norms.upper_count,
        coalesce(norms.history_day_count, 0) as history_day_count,
        days.is_mature,
        days.event_date
    from fct_event_days as days
    left join fct_event_day_norms as norms
        on days.source_id = norms.source_id
        and coalesce(days.event_name, '') = coalesce(norms.event_name, '')
        and days.event_date = norms.event_date

),

judged as (

    select
        compared.*,
        coalesce(
            is_mature
            and history_day_count >= {{ var('volume_min_history_days') }}
            and greatest(event_count, expected_count) >= {{ var('volume_min_events') }}
            and (event_count < lower_count or event_count > upper_count),
            false
        ) as is_anomalous,
        {{ weekday_name_en(iso_weekday('event_date')) }} as weekday_en,
        {{ weekday_name_zh(iso_weekday('event_date')) }} as weekday_zh
    from compared

),

explained as (

    select
        source_id,
        event_name,
        case
            when is_anomalous
                then
                    coalesce(event_name, 'All events') || ' of ' || source_id || ': '
                    || event_count || ' on ' || weekday_en || ' ' || event_date || ', '
                    || case when event_count < lower_count then 'fewer' else 'more' end
                    || ' than usual. The ' || history_day_count || ' ' || weekday_en
                    || 's before had about ' || cast(round(expected_count) as bigint)
                    || '; ' || lower_count || ' to ' || upper_count || ' would be usual.'
        end as explanation_en,
        case
            when is_anomalous
                then
                    source_id || ' 的' || coalesce(' ' || event_name || ' ', '全部事件')
                    || '在 ' || event_date || '（' || weekday_zh || '）有 ' || event_count
                    || ' 个，比往常'
                    || case when event_count < lower_count then '少' else '多' end
                    || '。此前 ' || history_day_count || ' 个' || weekday_zh || '约 '
                    || cast(round(expected_count) as bigint) || ' 个，' || lower_count
                    || ' 到 ' || upper_count || ' 个都算正常。'
        end as explanation_zh,
        event_count,
        expected_count,
        lower_count,
        upper_count,
        history_day_count,
        is_anomalous,
        is_mature,
        event_date
    from judged

)

select * from explained
