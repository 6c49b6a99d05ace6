with

exports as (

    select * from {{ ref('dim_audience_exports') }}

),

members as (

    select * from {{ ref('fct_audience_members') }}

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
