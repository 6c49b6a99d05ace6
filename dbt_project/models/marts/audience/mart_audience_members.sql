with

exports as (

    select * from {{ ref('dim_audience_exports') }}

),

candidates as (

    select * from {{ ref('fct_audience_candidates') }}

),

conditions as (

    select * from {{ ref('dim_selector_conditions') }} where definition = 'audience'

),

profiles as (

    select * from {{ ref('mart_user_profiles') }}

),

{% set columns -%}
    candidates.audience_id,
        candidates.export_at,
        candidates.user_id,
        candidates.status,
        candidates.bucket,
        conditions.condition_group,
        conditions.condition_number,
        conditions.group_count,
        conditions.operator,
        conditions.operand,
        conditions.operand_number
{%- endset -%}

-- The profile is of the horizon, the properties are as of the export. Each tag is a value of its own.
asked as (

    select
        {{ columns }},
        {{ profile_property('profiles', 'conditions.property', 'candidates') }} as property_value
    from candidates
    inner join conditions on candidates.audience_id = conditions.definition_id
    left join profiles on candidates.user_id = profiles.user_id
    where
        not candidates.is_listed
        and conditions.property <> 'tags'

    union all

    select
        {{ columns }},
        tags.tag as property_value
    from candidates
    inner join conditions on candidates.audience_id = conditions.definition_id
    left join (
        select
            profiles.user_id,
            tags.tag
        from profiles
        {{ explode(split_text('profiles.tags', '|'), 'tags', 'tag') }}
    ) as tags
        on candidates.user_id = tags.user_id
    where
        not candidates.is_listed
        and conditions.property = 'tags'

),

members as (

    select
        audience_id,
        export_at,
        user_id,
        status,
        bucket
    from {{ ref('fct_audience_members') }}

    union all

    select
        audience_id,
        export_at,
        user_id,
        status,
        bucket
    from candidates
    where is_listed

    union all

    {{ meeting_conditions('asked', ['audience_id', 'export_at', 'user_id', 'status', 'bucket']) }}

),

-- Who was exported the time before, at this time.
before as (

    select
        exports.audience_id,
        exports.export_at,
        members.user_id,
        members.bucket
    from members
    inner join exports
        on members.audience_id = exports.audience_id
        and members.export_at = exports.previous_export_at
    where members.status = 'exported'

),

final as (

    select
        coalesce(members.audience_id, before.audience_id) as audience_id,
        coalesce(members.user_id, before.user_id) as user_id,
        coalesce(members.status, 'removed') as status,
        case
            when members.status = 'exported' and before.user_id is not null then 'kept'
            when members.status = 'exported' then 'added'
            when before.user_id is not null then 'removed'
        end as change,
        coalesce(members.bucket, before.bucket) as bucket,
        coalesce(members.export_at, before.export_at) as export_at
    from members
    full outer join before
        on members.audience_id = before.audience_id
        and members.export_at = before.export_at
        and members.user_id = before.user_id

)

select * from final
