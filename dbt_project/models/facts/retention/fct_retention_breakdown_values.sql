with

members as (

    select * from {{ ref('fct_retention_members') }}

),

retentions as (

    select * from {{ ref('dim_retentions') }}

),

value_sizes as (

    select
        retention_id,
        breakdown_value,
        count(distinct user_id) as user_count
    from members
    where breakdown_value is not null
    group by retention_id, breakdown_value

),

ranked_values as (

    select
        retention_id,
        breakdown_value,
        row_number() over (
            partition by retention_id order by user_count desc, breakdown_value
        ) as value_rank
    from value_sizes

),

-- Its own value, or Other beyond the limit.
shown_values as (

    select
        ranked_values.retention_id,
        ranked_values.breakdown_value,
        case
            when ranked_values.value_rank <= retentions.breakdown_limit
                then ranked_values.breakdown_value
            else 'Other'
        end as shown_value
    from ranked_values
    inner join retentions on ranked_values.retention_id = retentions.retention_id

)

select * from shown_values
