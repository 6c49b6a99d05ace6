with

path_ends as (

    select *
    from {{ ref('fct_path_ends') }}
    where is_converted

),

path_touches as (

    select *
    from {{ ref('fct_path_touches') }}
    where is_converted

),

removals as (

    select * from {{ ref('step_attribution_removals') }}

),

channel_costs as (

    select * from {{ ref('fct_channel_costs') }}

),

conversions as (

    select * from {{ ref('dim_conversions') }}

),

conversion_models as (

    select * from {{ ref('dim_conversion_models') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

-- Touches that stand alike in their paths are credited together: a thousand of them are one row.
-- Shares are summed as decimals, because a sum of doubles depends on its order.
alike as (

    select
        conversion_id,
        channel_id,
        touch_count,
        touch_number = 1 as is_first,
        touch_number = touch_count as is_last,
        is_last_non_direct,
        end_date,
        count(*) as conversion_count,
        sum(value_amount) as value_amount,
        sum(cast(time_decay_credit as decimal(38, 18))) as time_decay_count,
        sum(cast(time_decay_credit as decimal(38, 18)) * value_amount) as time_decay_amount,
        sum(cast(shapley_credit as decimal(38, 18))) as shapley_count,
        sum(cast(shapley_credit as decimal(38, 18)) * value_amount) as shapley_amount
    from path_touches
    group by
        conversion_id,
        channel_id,
        touch_count,
        is_first,
        is_last,
        is_last_non_direct,
        end_date

),

touched_days as (

    select
        conversion_id,
        end_date,
        sum(conversion_count) as conversion_count,
        sum(value_amount) as value_amount
    from alike
    where is_first
    group by conversion_id, end_date

),

-- What every model gives away, in the chain of a month.
touched_months as (

    select
        conversion_id,
        {{ month_start('end_date') }} as month_start_date,
        cast(sum(conversion_count) as double) as conversion_count,
        cast(sum(value_amount) as double) as value_amount
    from touched_days
    group by conversion_id, {{ month_start('end_date') }}

),

converted_days as (

    select
        conversion_id,
        end_date,
        count(*) as conversion_count,
        sum(value_amount) as value_amount
    from path_ends
    group by conversion_id, end_date

),

-- The rest, whoever converts without a touch.
untouched as (

    select
        converted_days.conversion_id,
        converted_days.end_date,
        converted_days.conversion_count - coalesce(touched_days.conversion_count, 0)
            as conversion_count,
        converted_days.value_amount - coalesce(touched_days.value_amount, 0) as value_amount
    from converted_days
    left join touched_days
        on converted_days.conversion_id = touched_days.conversion_id
        and converted_days.end_date = touched_days.end_date
    where converted_days.conversion_count > coalesce(touched_days.conversion_count, 0)

),

{# Loops, because each model has its rule. #}
{%- set counts = attribution_parts('conversion_count', 'time_decay_count', 'shapley_count') %}
{%- set amounts = attribution_parts('value_amount', 'time_decay_amount', 'shapley_amount') %}
by_day as (

    select
        alike.conversion_id,
        alike.channel_id,
        alike.end_date,
        {%- for model in counts %}
        sum(cast({{ counts[model] }} as decimal(38, 18))) as {{ model }}_count,
        sum(cast({{ amounts[model] }} as decimal(38, 18))) as {{ model }}_amount
        {{- ',' if not loop.last }}
        {%- endfor %}
    from alike
    inner join conversions on alike.conversion_id = conversions.conversion_id
    group by alike.conversion_id, alike.channel_id, alike.end_date

),

credited as (

    {% for model in counts -%}
    select
        conversion_id,
        '{{ model }}' as model_id,
        channel_id,
        {{ model }}_count as credited_count,
        {{ model }}_amount as credited_amount,
        end_date as credit_date
    from by_day

    union all

    {% endfor -%}
    select
        removals.conversion_id,
        'markov' as model_id,
        removals.channel_id,
        cast(removals.credit_share * touched_months.conversion_count as decimal(38, 18))
            as credited_count,
        cast(removals.credit_share * touched_months.value_amount as decimal(38, 18))
            as credited_amount,
        removals.period_start_date as credit_date
    from removals
    inner join touched_months
        on removals.conversion_id = touched_months.conversion_id
        and removals.period_start_date = touched_months.month_start_date

    union all

    select
        untouched.conversion_id,
        conversion_models.model_id,
        '(none)' as channel_id,
        cast(untouched.conversion_count as decimal(38, 18)) as credited_count,
        cast(untouched.value_amount as decimal(38, 18)) as credited_amount,
        untouched.end_date as credit_date
    from untouched
    inner join conversion_models on untouched.conversion_id = conversion_models.conversion_id

),

spent as (

    select
        channel_id,
        cost_date,
        sum(cost_amount) as cost_amount
    from channel_costs
    group by channel_id, cost_date

),

-- What was spent stands beside every model, also where nobody came of it.
figures as (

    select
        conversion_id,
        model_id,
        channel_id,
        credited_count,
        credited_amount,
        cast(0 as decimal(38, 4)) as cost_amount,
        credit_date as figure_date
    from credited

    union all

    select
        conversion_models.conversion_id,
        conversion_models.model_id,
        spent.channel_id,
        0 as credited_count,
        0 as credited_amount,
        spent.cost_amount,
        spent.cost_date as figure_date
    from spent
    cross join conversion_models

),

dated as (

    select
        figures.*,
        {{ grain_starts('figures.figure_date') }}
    from figures
    inner join conversion_models
        on figures.conversion_id = conversion_models.conversion_id
        and figures.model_id = conversion_models.model_id

),

summed as (

    select
        conversion_id,
        model_id,
        {{ grain_columns() }},
        channel_id,
        cast(sum(credited_count) as double) as credited_count,
        cast(sum(credited_amount) as double) as credited_amount,
        cast(sum(cost_amount) as decimal(38, 4)) as cost_amount
    from dated
    group by {{ grain_sets(['conversion_id', 'model_id', 'channel_id']) }}

),

final as (

    select
        summed.conversion_id,
        summed.model_id,
        summed.grain,
        summed.channel_id,
        summed.credited_count,
        summed.credited_amount,
        summed.cost_amount,
        summed.credited_amount / nullif(cast(summed.cost_amount as double), 0) as roas,
        cast(summed.cost_amount as double) / nullif(summed.credited_count, 0)
            as cost_per_conversion,
        {{ is_period_over('summed.grain', 'summed.period_start_date', "
            case
                when summed.model_id = 'markov'
                    then greatest(conversions.refund_days, conversions.lookback_days)
                else conversions.refund_days
            end
        ") }} as is_mature,
        summed.period_start_date
    from summed
    inner join conversions on summed.conversion_id = conversions.conversion_id
    cross join horizon
    -- A chain is of a month.
    where summed.model_id <> 'markov' or summed.grain in ('all', 'month')

)

select * from final
