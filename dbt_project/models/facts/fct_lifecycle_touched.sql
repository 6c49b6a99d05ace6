{{ config(
    materialized='incremental',
    incremental_strategy='replace_all',
    on_schema_change='fail',
) }}
with

touched_users as (

    select
        user_id,
        last_active_date as from_date
    from {{ ref('int_users_touched') }}

),

active_days as (

    select * from {{ ref('fct_user_active_days') }}

),

grounds as (

    select * from {{ ref('step_lifecycle_grounds') }}

),

{% if is_incremental() -%}
-- Days, and the first on which who was last active on one may be in another stage; who is back that
-- day is in none, and was silent before it (fct_silences).
changed_days as (

    select
        grounds.last_active_date,
        case
            when
                before.min_active_days is distinct from grounds.min_active_days
                or before.min_active_weeks is distinct from grounds.min_active_weeks
                or before.of_weeks is distinct from grounds.of_weeks
                then grounds.last_active_date
            else least(
                coalesce(before.dormancy_from_date, grounds.dormancy_from_date),
                coalesce(grounds.dormancy_from_date, before.dormancy_from_date),
                coalesce(before.churn_from_date, grounds.churn_from_date),
                coalesce(grounds.churn_from_date, before.churn_from_date)
            )
        end as changed_from_date
    from grounds
    left join {{ rows_before('facts', 'fct_lifecycle_grounds') }} as before
        on grounds.last_active_date = before.last_active_date
    where
        before.min_active_days is distinct from grounds.min_active_days
        or before.min_active_weeks is distinct from grounds.min_active_weeks
        or before.of_weeks is distinct from grounds.of_weeks
        or before.dormancy_from_date is distinct from grounds.dormancy_from_date
        or before.churn_from_date is distinct from grounds.churn_from_date

),

{% endif -%}
moved as (

    select * from touched_users
    {%- if is_incremental() %}

    union all

    select
        active_days.user_id,
        active_days.activity_date as from_date
    from active_days
    inner join changed_days on active_days.activity_date = changed_days.last_active_date
    where
        active_days.next_activity_date is null
        or active_days.next_activity_date >= changed_days.changed_from_date
    {%- endif %}

),

users as (

    select
        user_id,
        min(from_date) as from_date
    from moved
    group by user_id

)

select
    users.user_id,
    users.from_date,
    {% if is_incremental() -%}
    coalesce(max(spans.valid_from_date), users.from_date) as span_from_date
    {%- else -%}
    users.from_date as span_from_date
    {%- endif %}
from users
{%- if is_incremental() %}
left join {{ rows_before('facts', 'fct_user_lifecycle_spans') }} as spans
    on users.user_id = spans.user_id
    and users.from_date > spans.valid_from_date
group by users.user_id, users.from_date
{%- endif %}
