with

profiles as (

    select * from {{ ref('step_user_profiles') }}

),

conditions as (

    select * from {{ ref('dim_selector_conditions') }} where definition = 'profile_tag'

),

valued as (

    select
        conditions.*,
        profiles.user_id,
        {{ profile_property('profiles', 'conditions.property') }} as property_value
    from profiles
    cross join conditions

),

conditions_held as (

    select
        definition_id as tag_id,
        condition_group,
        group_count,
        user_id
    from valued
    group by definition_id, condition_group, condition_number, group_count, operator, user_id
    having
        bool_or(coalesce({{ condition_holds() }}, false))
        <> (operator in ('is_not', 'not_contains'))

),

tagged as (

    select
        user_id,
        tag_id
    from conditions_held
    group by user_id, tag_id, group_count
    having count(distinct condition_group) = group_count

),

tags as (

    select
        user_id,
        {{ dbt.listagg('tag_id', "'|'", 'order by tag_id') }} as tags
    from tagged
    group by user_id

),

-- What it tells is of the horizon, and moves with the next day.
final as (

    select
        profiles.{{ profile_columns() | reject('in', ['has_marketing_consent', 'first_active_date', 'last_active_date']) | join(',\n        profiles.') }},
        tags.tags,
        profiles.has_marketing_consent,
        false as is_mature,
        profiles.first_active_date,
        profiles.last_active_date
    from profiles
    left join tags on profiles.user_id = tags.user_id

)

select * from final
