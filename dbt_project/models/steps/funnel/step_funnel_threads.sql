-- A user's whole stream needs no row here: it is the user and the funnel.
{%- if funnels_ask('threads') %}
with

threads as (

    select distinct
        funnel_id,
        user_id,
        thread_id,
        thread_breakdown_value
    from {{ ref('step_funnel_threaded_events') }}
    where thread_id <> ''

)

select
    threads.*,
    -row_number() over (order by funnel_id, user_id, thread_id) as stream_id
from threads
{%- else %}
select
    funnel_id,
    funnel_id as user_id,
    funnel_id as thread_id,
    funnel_id as thread_breakdown_value,
    cast(null as bigint) as stream_id
from {{ ref('dim_funnels') }}
where 1 = 0
{%- endif %}
