-- A view: what each model gives stands side by side in the paths.
{{ config(materialized='view') }}
with

paths as (

    select * from {{ ref('fct_attribution_paths') }}

),

conversion_models as (

    select * from {{ ref('dim_conversion_models') }}

),

{# A loop, because each model is a column. Shapley asks for channels, not for touches. #}
credits as (

    {% for model in attribution_models() -%}
    select
        conversion_id,
        '{{ model }}' as model_id,
        source_id,
        conversion_event_id,
        {{ 'touch_id' if model != 'shapley' else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as touch_id,
        {{ 'case when touch_count > 0 then touch_number end' if model != 'shapley' else 'cast(null as integer)' }}
            as touch_number,
        touch_count,
        user_id,
        channel_id,
        {{ model }}_credit as credit,
        value_amount,
        ended_at
    from paths
    {{ 'where is_first_of_channel' if model == 'shapley' }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    credits.conversion_id,
    credits.model_id,
    credits.source_id,
    credits.conversion_event_id,
    credits.touch_id,
    credits.touch_number,
    credits.touch_count,
    credits.user_id,
    credits.channel_id,
    cast(credits.credit as double) as credit,
    cast(credits.credit as double) * cast(credits.value_amount as double) as credited_amount,
    credits.ended_at as converted_at
from credits
inner join conversion_models
    on credits.conversion_id = conversion_models.conversion_id
    and credits.model_id = conversion_models.model_id
