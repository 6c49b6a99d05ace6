with

candidates as (

    select * from {{ ref('step_audience_candidates') }} where not is_by_profile

),

conditions as (

    select * from {{ ref('dim_selector_conditions') }} where definition = 'audience'

),

asked as (

    select
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
        conditions.operand_number,
        {{ user_property('candidates', 'conditions.property', 'candidates.user_id') }}
            as property_value
    from candidates
    inner join conditions on candidates.audience_id = conditions.definition_id

),

members as (

    {{ meeting_conditions('asked', ['audience_id', 'export_at', 'user_id', 'status', 'bucket']) }}

    union all

    -- Of an audience without conditions everybody is.
    select
        candidates.audience_id,
        candidates.export_at,
        candidates.user_id,
        candidates.status,
        candidates.bucket
    from candidates
    left join conditions on candidates.audience_id = conditions.definition_id
    where conditions.definition_id is null

    union all

    select
        archived.audience_id,
        archived.export_at,
        archived.user_id,
        archived.status,
        archived.bucket
    from {{ source('archive', 'arc_audience_members') }} as archived
    inner join {{ ref('dim_audience_exports') }} as exports
        on archived.audience_id = exports.audience_id
        and archived.export_at = exports.export_at
    -- What hangs on lists comes before the profile: those that ask it are there for later horizons.
    where
        not exports.is_by_profile
        or exports.made_through_at < (select data_through_at from {{ ref('dim_horizon') }})

)

select
    audience_id,
    user_id,
    status,
    bucket,
    export_at
from members
