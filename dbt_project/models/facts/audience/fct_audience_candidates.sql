with

candidates as (

    select * from {{ ref('step_audience_candidates') }} where is_by_profile

),

-- What a build of the same horizon has listed already.
listed as (

    select archived.*
    from {{ source('archive', 'arc_audience_members') }} as archived
    inner join {{ ref('dim_audience_exports') }} as exports
        on archived.audience_id = exports.audience_id
        and archived.export_at = exports.export_at
    where
        exports.is_by_profile
        and exports.made_through_at >= (select data_through_at from {{ ref('dim_horizon') }})

)

select
    audience_id,
    user_id,
    status,
    properties,
    bucket,
    false as is_listed,
    created_at,
    export_at
from candidates

union all

select
    audience_id,
    user_id,
    status,
    cast(null as {{ dbt.type_string() }}) as properties,
    bucket,
    true as is_listed,
    cast(null as timestamp) as created_at,
    export_at
from listed
