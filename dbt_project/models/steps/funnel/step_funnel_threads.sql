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
    {% for column in ['funnel_id', 'user_id', 'thread_id', 'thread_breakdown_value'] -%}
    cast(null as {{ dbt.type_string() }}) as {{ column }},
    {% endfor -%}
    cast(null as bigint) as stream_id
from (select 1 as one_row) as single
where 1 = 0
{%- endif %}
