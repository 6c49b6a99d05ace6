{# A loop over the steps that a funnel may have: the time of each is a column. #}
{%- set steps = range(1, var('funnel_max_steps') + 1) -%}
{%- set served -%}
    0
    {%- for step in steps %} + case when step_{{ step }}_at is null then 0 else 1 end{% endfor %}
{%- endset -%}
-- The mart counts entrants by step; here the steps of each are added up.
with

reached as (

    select
        funnel_id,
        grain,
        period_start_date,
        breakdown_value,
        sum(reached_count) as reached_count,
        sum(mature_reached_count) as mature_reached_count
    from {{ ref('mart_funnel_conversion') }}
    group by funnel_id, grain, period_start_date, breakdown_value

),

attempts as (

    select
        funnel_id,
        grain,
        period_start_date,
        breakdown_value,
        sum(case when is_counted then {{ served }} else 0 end) as reached_count,
        sum(case when is_mature then {{ served }} else 0 end) as mature_reached_count
    from {{ ref('fct_funnel_counted_attempts') }}
    group by funnel_id, grain, period_start_date, breakdown_value

),

compared as (

    select
        reached.funnel_id,
        reached.grain,
        reached.period_start_date,
        reached.breakdown_value,
        reached.reached_count,
        reached.mature_reached_count,
        coalesce(attempts.reached_count, 0) as attempt_reached_count,
        coalesce(attempts.mature_reached_count, 0) as mature_attempt_reached_count
    from reached
    left join attempts
        on
            reached.funnel_id = attempts.funnel_id
            and reached.grain = attempts.grain
            and coalesce(reached.period_start_date, cast('0001-01-01' as date))
            = coalesce(attempts.period_start_date, cast('0001-01-01' as date))
            and coalesce('=' || reached.breakdown_value, '')
            = coalesce('=' || attempts.breakdown_value, '')

)

select * from compared
where
    reached_count <> attempt_reached_count
    or mature_reached_count <> mature_attempt_reached_count
