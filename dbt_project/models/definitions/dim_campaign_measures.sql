with

measures as (

    select * from {{ source('seeds', 'campaign_measures') }}

),

typed as (

    select
        measure_id,
        label_en,
        label_zh,
        campaign_id,
        kind,
        event_name,
        case when kind <> 'proportion' then measures.value end as value_property,
        case when kind = 'ratio' then denominator_event_name end as denominator_event_name,
        case when kind = 'ratio' then denominator_value end as denominator_property,
        row_number,
        window_days,
        case when kind = 'ratio' then 0 else pre_days end as pre_days,
        is_goal_up
    from measures

)

select * from typed
