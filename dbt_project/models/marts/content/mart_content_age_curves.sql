with

reads as (

    select * from {{ ref('step_content_moments') }}
    where role = 'read_start' and age_seconds <= {{ var('content_lifetime_days') * 86400 }}

),

pieces as (

    select
        content_id,
        started_at
    from {{ ref('dim_content_pieces') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

-- Read before it is published counts as on the first day, and in its last instant as on the last.
by_age as (

    select
        content_id,
        cast(least(
            greatest(floor(age_seconds / 86400), 0), {{ var('content_lifetime_days') - 1 }}
        ) as integer) as age_days,
        count(*) as read_count
    from reads
    group by
        content_id,
        least(greatest(floor(age_seconds / 86400), 0), {{ var('content_lifetime_days') - 1 }})

),

-- The days of its life that have begun.
ages as (

    select
        pieces.content_id,
        day_numbers.age_days,
        {{ add_seconds('pieces.started_at', '(day_numbers.age_days + 1) * 86400') }}
        <= horizon.data_through_at as is_mature
    from pieces
    cross join horizon
    {{ explode(
        integer_array('0', var('content_lifetime_days') - 1), 'day_numbers', 'age_days'
    ) }}
    where
        {{ add_seconds('pieces.started_at', 'day_numbers.age_days * 86400') }}
        <= horizon.data_through_at

),

final as (

    select
        ages.content_id,
        cast(ages.age_days as integer) as age_days,
        coalesce(by_age.read_count, 0) as read_count,
        cast(sum(coalesce(by_age.read_count, 0)) over (
            partition by ages.content_id
            order by ages.age_days
            rows between unbounded preceding and current row
        ) as bigint) as cumulative_read_count,
        ages.is_mature
    from ages
    left join by_age
        on ages.content_id = by_age.content_id
        and ages.age_days = by_age.age_days

)

select * from final
