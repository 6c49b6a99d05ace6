with

paths as (

    select * from {{ ref('fct_attribution_paths') }}

),

removals as (

    select * from {{ ref('fct_attribution_removals') }}

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

{# Loops, because each model is a column of the paths. #}
by_day as (

    select
        conversion_id,
        channel_id,
        touch_count > 0 as is_touched,
        end_date,
        {% for model in attribution_models() -%}
        sum({{ model }}_credit) as {{ model }}_count,
        sum({{ model }}_credit * value_amount) as {{ model }}_amount{{ ',' if not loop.last }}
        {% endfor %}
    from paths
    group by conversion_id, channel_id, is_touched, end_date

),

-- Every model gives away the same: the chain of a month, all that was touched in it.
touched_months as (

    select
        conversion_id,
        {{ month_start('end_date') }} as month_start_date,
        cast(sum(first_count) as double) as conversion_count,
        cast(sum(first_amount) as double) as value_amount
    from by_day
    where is_touched
    group by conversion_id, {{ month_start('end_date') }}

),

credited as (

    {% for model in attribution_models() -%}
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
        conversion_id,
        'markov' as model_id,
        channel_id,
        linear_count as credited_count,
        linear_amount as credited_amount,
        end_date as credit_date
    from by_day
    where not is_touched

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
