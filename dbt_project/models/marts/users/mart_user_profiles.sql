with

users as (

    select * from {{ ref('step_user_profiles') }}

),

segments as (

    select
        user_id,
        segment_id
    from {{ ref('mart_rfm_scores') }}
    where snapshot_date = (select max(snapshot_date) from {{ ref('dim_rfm_snapshots') }})

),

-- By the first model of value.
first_values as (

    select
        user_id,
        p_alive,
        expected_value_amount
    from {{ ref('mart_user_values') }}
    where model_id = (
        select min_by(model_id, row_number) from {{ ref('dim_value_models') }}
    )

),

profiles as (

    select
        users.*,
        segments.segment_id,
        first_values.p_alive,
        first_values.expected_value_amount
    from users
    left join segments on users.user_id = segments.user_id
    left join first_values on users.user_id = first_values.user_id

),

conditions as (

    select * from {{ ref('dim_selector_conditions') }} where definition = 'profile_tag'

),

valued as (

    select
        conditions.*,
        profiles.user_id,
        {{ profile_property('profiles', 'conditions.property', 'profiles') }} as property_value
    from profiles
    cross join conditions

),

tagged as (

    {{ meeting_conditions('valued', ['user_id', 'definition_id']) }}

),

tags as (

    select
        user_id,
        {{ dbt.listagg('definition_id', "'|'", 'order by definition_id') }} as tags
    from tagged
    group by user_id

),

-- What it tells is of the horizon, and moves with the next day.
final as (

    select
        profiles.{{ profile_columns() | join(',\n        profiles.') }},
        tags.tags,
        false as is_mature
    from profiles
    left join tags on profiles.user_id = tags.user_id

)

select * from final
