with

fct_event_silences as (

    select * from {{ ref('fct_event_silences') }}

),

lateness as (

    select
        fct_event_silences.*,
        missed_event_count >= {{ var('volume_min_events') }} and silent_day_count <= 63 as is_late,
        {{ weekday_name_en(iso_weekday('last_event_date')) }} as weekday_en,
        {{ weekday_name_zh(iso_weekday('last_event_date')) }} as weekday_zh
    from fct_event_silences

),

explained as (

    select
        source_id,
        event_name,
        case
            when is_late
                then
                    coalesce(event_name, 'All events') || ' of ' || source_id
                    || ': none since ' || weekday_en || ' ' || last_event_date || ', on '
                    || silent_day_count || ' whole days. About '
                    || cast(round(missed_event_count) as bigint)
                    || ' would have been usual on these days of the week.'
                    || coalesce(' After a ' || weekday_en || ' the next usually come '
                    || cast(round(usual_gap_days) as bigint) || ' days later.', '')
        end as explanation_en,
        case
            when is_late
                then
                    source_id || ' 的' || coalesce(' ' || event_name || ' ', '全部事件') || '自 '
                    || last_event_date || '（' || weekday_zh || '）之后没有再来，已整整 '
                    || silent_day_count || ' 天。按星期几推算，这些天通常约有 '
                    || cast(round(missed_event_count) as bigint) || ' 个。'
                    || coalesce(weekday_zh || '之后通常隔 '
                    || cast(round(usual_gap_days) as bigint) || ' 天再来。', '')
        end as explanation_zh,
        silent_day_count,
        usual_gap_days,
        missed_event_count,
        is_late,
        last_event_date,
        last_event_at,
        data_through_at
    from lateness

)

select * from explained
