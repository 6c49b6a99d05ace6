with

carried as (

    select {{ model.columns | join(', ') }}
    from {{ ref('step_funnel_served_events') }}
    where occurred_at < {{ cut('cutoff_at') }}

    union all

    {{ archived_before() }}

),

ranked as (

    select
        carried.*,
        row_number() over (
            partition by carried.funnel_id, carried.user_id
            order by {{ user_value_order('carried', 'funnels') | indent(16) }}
        ) as value_rank
    from carried
    inner join {{ ref('dim_funnels') }} as funnels on carried.funnel_id = funnels.funnel_id
    where funnels.breakdown is not null and funnels.breakdown_attribution in ('first', 'last')

)

select {{ model.columns | join(', ') }}
from ranked
where value_rank = 1
