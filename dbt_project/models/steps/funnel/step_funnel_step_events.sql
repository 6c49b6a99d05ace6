select
    threaded.funnel_id,
    threaded.user_number,
    {% if funnels_ask('threads') -%}
    coalesce(threads.stream_id, threaded.user_number * funnel_rows.row_count + threaded.funnel_number)
        as stream_id,
    {%- else -%}
    threaded.user_number * funnel_rows.row_count + threaded.funnel_number as stream_id,
    {%- endif %}
    threaded.source_id,
    threaded.event_id,
    threaded.breakdown_value,
    threaded.step_number,
    threaded.exclusion_number,
    threaded.event_rank,
    threaded.has_shared_instant,
    threaded.occurred_at
from {{ ref('step_funnel_threaded_events') }} as threaded
cross join (
    select max(row_number) + 1 as row_count from {{ ref('dim_funnels') }}
) as funnel_rows
{%- if funnels_ask('threads') %}
left join {{ ref('step_funnel_threads') }} as threads
    on threaded.funnel_id = threads.funnel_id
    and threaded.user_id = threads.user_id
    and threaded.thread_id = threads.thread_id
{%- endif %}
