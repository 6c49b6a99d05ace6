with

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

-- As many whole days before the day of the release as from it on.
features as (

    select
        features.feature_id,
        features.campaign_id,
        coalesce(campaigns.is_randomized, false) as is_randomized,
        {{ local_date('features.released_at') }} as release_date,
        {{ days_after(local_date('features.released_at'), '-features.window_days') }} as from_date,
        {{ days_after(local_date('features.released_at'), 'features.window_days') }} as to_date
    from {{ ref('dim_features') }} as features
    cross join horizon
    left join {{ ref('dim_campaigns') }} as campaigns
        on features.campaign_id = campaigns.campaign_id
    where features.released_at <= horizon.data_through_at

),

-- Users who came before the release and could use it after.
people as (

    select
        adoptions.feature_id,
        adoptions.user_id,
        features.release_date,
        features.from_date,
        features.to_date,
        coalesce(adoptions.adopted_date < features.to_date, false) as is_adopter
    from {{ ref('fct_feature_adoptions') }} as adoptions
    inner join features
        on adoptions.feature_id = features.feature_id
        and adoptions.eligible_date < features.to_date
    where exists (
        select 1
        from {{ ref('fct_user_active_days') }} as days
        where
            days.user_id = adoptions.user_id
            and days.activity_date >= features.from_date
            and days.activity_date < features.release_date
    )

),

-- What an order is worth moves on the day on which its state does.
figures as (

    select
        user_id,
        'active_days' as measure_id,
        cast(1 as decimal(18, 4)) as figure,
        activity_date as figure_date
    from {{ ref('fct_user_active_days') }}

    union all

    select
        user_id,
        'net_amount' as measure_id,
        cast(gross_amount - refunded_amount as decimal(18, 4)) as figure,
        valid_from_date as figure_date
    from {{ ref('fct_order_states') }}

    union all

    select
        user_id,
        'net_amount' as measure_id,
        cast(refunded_amount - gross_amount as decimal(18, 4)) as figure,
        valid_to_date as figure_date
    from {{ ref('fct_order_states') }}
    where valid_to_date is not null

),

of_people as (

    select
        people.feature_id,
        people.user_id,
        figures.measure_id,
        sum(case when figures.figure_date < people.release_date then figures.figure else 0 end)
            as figure_before,
        sum(case when figures.figure_date >= people.release_date then figures.figure else 0 end)
            as figure_after
    from people
    inner join figures
        on people.user_id = figures.user_id
        and figures.figure_date >= people.from_date
        and figures.figure_date < people.to_date
    group by people.feature_id, people.user_id, figures.measure_id

),

measures as (

    select 'active_days' as measure_id
    union all
    select 'net_amount' as measure_id

),

changes as (

    select
        people.feature_id,
        measures.measure_id,
        people.is_adopter,
        coalesce(of_people.figure_before, 0) as figure_before,
        coalesce(of_people.figure_after, 0) as figure_after,
        cast(
            coalesce(of_people.figure_after, 0) - coalesce(of_people.figure_before, 0)
            as decimal(18, 4)
        ) as figure_change
    from people
    cross join measures
    left join of_people
        on people.feature_id = of_people.feature_id
        and people.user_id = of_people.user_id
        and measures.measure_id = of_people.measure_id

),

{# A loop, because both groups are added up alike; sums of decimals do not depend on their order. #}
compared as (

    select
        features.feature_id,
        features.campaign_id,
        measures.measure_id,
        features.is_randomized,
        features.release_date,
        features.to_date
        {%- for group, is_adopter in {'adopter': 'changes.is_adopter', 'other': 'not changes.is_adopter'}.items() %},
        count(case when {{ is_adopter }} then 1 end) as {{ group }}_count,
        cast(sum(case when {{ is_adopter }} then figure_before end) as double) as {{ group }}_before,
        cast(sum(case when {{ is_adopter }} then figure_after end) as double) as {{ group }}_after,
        cast(sum(case when {{ is_adopter }} then figure_change end) as double) as {{ group }}_change,
        cast(sum(case when {{ is_adopter }} then figure_change * figure_change end) as double)
            as {{ group }}_squares
        {%- endfor %}
    from features
    cross join measures
    left join changes
        on features.feature_id = changes.feature_id
        and measures.measure_id = changes.measure_id
    group by
        features.feature_id,
        features.campaign_id,
        measures.measure_id,
        features.is_randomized,
        features.release_date,
        features.to_date

),

averaged as (

    select
        compared.*
        {%- for group in ['adopter', 'other'] %},
        {{ rate(group ~ '_before', group ~ '_count') }} as {{ group }}_mean_before,
        {{ rate(group ~ '_after', group ~ '_count') }} as {{ group }}_mean_after,
        {{ rate(group ~ '_change', group ~ '_count') }} as {{ group }}_mean_change,
        -- Of the mean, and never below 0 by rounding.
        greatest(
            {{ group }}_squares - {{ group }}_change * {{ group }}_change / nullif({{ group }}_count, 0), 0
        ) / nullif({{ group }}_count, 0) / nullif({{ group }}_count - 1, 0) as {{ group }}_variance
        {%- endfor %}
    from compared

),

final as (

    select
        averaged.feature_id,
        averaged.measure_id,
        averaged.campaign_id,
        averaged.adopter_count,
        averaged.other_count,
        averaged.adopter_mean_before,
        averaged.adopter_mean_after,
        averaged.other_mean_before,
        averaged.other_mean_after,
        averaged.adopter_mean_change - averaged.other_mean_change as change_difference,
        averaged.adopter_mean_change - averaged.other_mean_change
        - 1.959963984540054e0 * sqrt(averaged.adopter_variance + averaged.other_variance)
            as change_difference_lower,
        averaged.adopter_mean_change - averaged.other_mean_change
        + 1.959963984540054e0 * sqrt(averaged.adopter_variance + averaged.other_variance)
            as change_difference_upper,
        averaged.is_randomized,
        {{ local_midnight('averaged.to_date') }} <= horizon.data_through_at as is_mature,
        averaged.release_date
    from averaged
    cross join horizon

)

select * from final
