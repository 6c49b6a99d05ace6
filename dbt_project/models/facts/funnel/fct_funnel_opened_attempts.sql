{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['funnel_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'funnel', 'from': 'entered_at'}},
) }}
{# A loop over the steps that a funnel may have: the time of each is a column. #}
{%- set steps = range(1, var('funnel_max_steps') + 1) -%}
{%- set step_columns = [] -%}
{%- for step in steps %}{% do step_columns.append('step_' ~ step ~ '_at') %}{% endfor -%}
with

user_values as (

    select * from {{ ref('step_funnel_user_values') }}

),

found as (

    select
        found.*,
        users.user_id,
        coalesce('constant ' || found.constant_value, '')
        || coalesce(' breakdown ' || found.thread_breakdown_value, '') as thread_id,
        case
            when funnels.breakdown is null then null
            when funnels.breakdown_attribution = 'all' then found.thread_breakdown_value
            when funnels.breakdown_attribution in ('first', 'last')
                then user_values.breakdown_value
            else found.step_breakdown_value
        end as breakdown_value,
        found.void_at is not null and funnels.when_void = 'ignore' as is_ignored
    from {{ ref('step_funnel_attempts') }} as found
    inner join {{ ref('dim_user_numbers') }} as users on found.user_number = users.user_number
    inner join {{ ref('dim_funnels') }} as funnels on found.funnel_id = funnels.funnel_id
    left join user_values
        on found.funnel_id = user_values.funnel_id
        and users.user_id = user_values.user_id

),

-- Attempts that were opened before the cut-off of an expiry, as they were; a first or last
-- value is the user's of today.
archived as (

    select
        archived.*,
        users.user_number,
        user_values.breakdown_value as user_value,
        case when archived.is_breakdown_thread then archived.breakdown_value end
            as thread_breakdown_value,
        row_number() over (
            partition by
                archived.funnel_id, archived.user_id,
                case when archived.is_breakdown_thread then archived.breakdown_value end
            order by archived.step_1_at, archived.attempt_number
        ) as place
    from (
        {{ archived_rows('arc_funnel_attempts', [
            'funnel_id', 'breakdown_value', 'attempt_number', 'reached_step', 'required_step_count',
            'step_count', 'is_breakdown_thread', 'is_ignored', 'closes_at', 'void_at',
        ] + step_columns) | indent(8) }}
    ) as archived
    {{ join_recomputed('funnel', 'archived', 'step_1_at') }}
    left join {{ ref('dim_user_numbers') }} as users on archived.user_id = users.user_id
    left join user_values
        on archived.funnel_id = user_values.funnel_id
        and archived.user_id = user_values.user_id

),

-- Attempts that stay keep their numbers, and stand before all others; the archived ones come next.
numbers_before as (

    {% if is_incremental() -%}
    select
        kept.funnel_id,
        kept.user_id,
        case when kept.is_breakdown_thread then kept.breakdown_value end
            as thread_breakdown_value,
        max(kept.attempt_number) as kept_count,
        0 as archived_count
    from {{ this }} as kept
    {{ join_kept('funnel', 'kept', 'entered_at') }}
    group by
        kept.funnel_id, kept.user_id,
        case when kept.is_breakdown_thread then kept.breakdown_value end

    union all

    {% endif -%}
    select
        funnel_id,
        user_id,
        thread_breakdown_value,
        0 as kept_count,
        count(*) as archived_count
    from archived
    group by funnel_id, user_id, thread_breakdown_value

),

counts_before as (

    select
        funnel_id,
        user_id,
        thread_breakdown_value,
        sum(kept_count) as kept_count,
        sum(archived_count) as archived_count
    from numbers_before
    group by funnel_id, user_id, thread_breakdown_value

),

{% set same_for_both -%}
    funnel_id,
    user_number,
    user_id,
    thread_breakdown_value,
    reached_step,
    required_step_count,
    step_count,
    is_ignored,
    closes_at,
    void_at,
    {{ step_columns | join(',\n    ') }}
{%- endset -%}
attempts as (

    select
        {{ same_for_both | indent(4) }},
        thread_id,
        breakdown_value,
        attempt_number as place,
        false as is_archived
    from found

    union all

    select
        {{ same_for_both | indent(4) }},
        cast(null as {{ dbt.type_string() }}) as thread_id,
        coalesce(user_value, breakdown_value) as breakdown_value,
        place,
        true as is_archived
    from archived

),

numbered as (

    select
        attempts.funnel_id,
        attempts.user_number,
        attempts.user_id,
        attempts.thread_id,
        cast(
            attempts.place
            + coalesce(counts_before.kept_count, 0)
            + case when attempts.is_archived then 0 else coalesce(counts_before.archived_count, 0) end
            as integer
        ) as attempt_number,
        attempts.breakdown_value,
        attempts.reached_step,
        attempts.required_step_count,
        attempts.step_count,
        attempts.thread_breakdown_value is not null as is_breakdown_thread,
        attempts.void_at is not null as is_void,
        attempts.is_ignored,
        {{ local_date('attempts.step_1_at') }} as entry_date,
        attempts.step_1_at as entered_at,
        {{ step_time('attempts', 'attempts.reached_step') }} as furthest_at,
        attempts.closes_at,
        attempts.void_at,
        {% for column in step_columns -%}
        attempts.{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from attempts
    left join counts_before
        on attempts.funnel_id = counts_before.funnel_id
        and attempts.user_id = counts_before.user_id
        and attempts.thread_breakdown_value
        is not distinct from counts_before.thread_breakdown_value

)

select * from numbered
