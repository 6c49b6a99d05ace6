with

attempts as (

    select * from {{ ref('fct_funnel_opened_attempts') }} where breakdown_value is not null

),

funnels as (

    select * from {{ ref('dim_funnels') }}

),

-- Those that count, of all periods together.
value_sizes as (

    select
        attempts.funnel_id,
        attempts.breakdown_value,
        count(case when attempts.value_all_outdone_at is null and not attempts.is_void then 1 end)
            as entrant_count
    from attempts
    inner join funnels on attempts.funnel_id = funnels.funnel_id
    where attempts.is_breakdown_thread = (funnels.breakdown_attribution = 'all')
    group by attempts.funnel_id, attempts.breakdown_value

),

ranked_values as (

    select
        funnel_id,
        breakdown_value,
        row_number() over (
            partition by funnel_id order by entrant_count desc, breakdown_value
        ) as value_rank
    from value_sizes

),

-- Its own value, or Other beyond the limit.
shown_values as (

    select
        ranked_values.funnel_id,
        ranked_values.breakdown_value,
        case
            when ranked_values.value_rank <= funnels.breakdown_limit
                then ranked_values.breakdown_value
            else 'Other'
        end as shown_value
    from ranked_values
    inner join funnels on ranked_values.funnel_id = funnels.funnel_id

)

select * from shown_values
