with

causes as (

    select * from {{ ref('int_scope__causes') }}

),

everybody as (

    select count(*) as user_count from {{ ref('dim_users') }}

),

counted as (

    select
        causes.reason,
        causes.definition,
        causes.definition_id,
        case
            when causes.reason = 'removed_definition' then 0
            when count(causes.user_id) > 0 then count(distinct causes.user_id)
            else max(everybody.user_count)
        end as user_count,
        nullif(min(causes.touched_from_at), {{ beginning() }}) as from_at
    from causes
    cross join everybody
    group by causes.reason, causes.definition, causes.definition_id

)

select
    reason,
    definition,
    definition_id,
    cast(user_count as bigint) as user_count,
    from_at
from counted
-- Where there is nobody, nothing was computed.
where user_count > 0 or reason = 'removed_definition'
