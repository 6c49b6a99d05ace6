with

survivals as (

    select * from {{ ref('dim_survivals') }}

),

subjects as (

    select * from {{ ref('fct_survival_subjects') }}

),

value_sizes as (

    select
        survival_id,
        breakdown_value,
        count(*) as subject_count
    from subjects
    where breakdown_value is not null
    group by survival_id, breakdown_value

),

-- Its own value, or Other beyond the limit.
shown_values as (

    select
        value_sizes.survival_id,
        value_sizes.breakdown_value,
        case
            when
                row_number() over (
                    partition by value_sizes.survival_id
                    order by value_sizes.subject_count desc, value_sizes.breakdown_value
                ) <= survivals.breakdown_limit
                then value_sizes.breakdown_value
            else 'Other'
        end as shown_value
    from value_sizes
    inner join survivals on value_sizes.survival_id = survivals.survival_id

),

-- All together, and each value.
parted as (

    select
        survival_id,
        cast(null as {{ dbt.type_string() }}) as breakdown_value,
        survived_days,
        has_ended
    from subjects

    union all

    select
        subjects.survival_id,
        shown_values.shown_value as breakdown_value,
        subjects.survived_days,
        subjects.has_ended
    from subjects
    inner join shown_values
        on subjects.survival_id = shown_values.survival_id
        and subjects.breakdown_value = shown_values.breakdown_value

),

counted as (

    select
        survival_id,
        breakdown_value,
        survived_days as day,
        count(case when has_ended then 1 end) as ended_count,
        count(case when not has_ended then 1 end) as censored_count
    from parted
    group by survival_id, breakdown_value, survived_days

),

-- A curve begins on day 0, whatever happens on it.
from_day_0 as (

    select
        survival_id,
        breakdown_value,
        day,
        sum(ended_count) as ended_count,
        sum(censored_count) as censored_count
    from (
        select * from counted

        union all

        select distinct
            survival_id,
            breakdown_value,
            0 as day,
            0 as ended_count,
            0 as censored_count
        from counted
    ) as days
    group by survival_id, breakdown_value, day

),

at_risk as (

    select
        from_day_0.*,
        cast(sum(ended_count + censored_count) over (
            partition by survival_id, breakdown_value order by day
            rows between current row and unbounded following
        ) as bigint) as at_risk_count
    from from_day_0

),

summed as (

    select
        at_risk.*,
        at_risk_count = ended_count as is_last,
        {{ log_survival('ended_count', 'at_risk_count') }} over through_day as log_rate,
        sum(case
            when ended_count < at_risk_count
                then cast(ended_count as double)
                    / (cast(at_risk_count as double) * (at_risk_count - ended_count))
        end) over through_day as greenwood_sum
    from at_risk
    window through_day as (
        partition by survival_id, breakdown_value order by day
        rows between unbounded preceding and current row
    )

),

rated as (

    select
        summed.*,
        case when is_last then 0 else exp(log_rate) end as survival_rate,
        case
            when not is_last and log_rate < 0
                then exp(1.959963984540054e0 * sqrt(greenwood_sum) / -log_rate)
        end as spread
    from summed

),

-- What is half by arithmetic may be a little more by rounding.
final as (

    select
        survival_id,
        breakdown_value,
        cast(day as integer) as day,
        at_risk_count,
        cast(ended_count as bigint) as ended_count,
        cast(censored_count as bigint) as censored_count,
        cast(survival_rate as double) as survival_rate,
        exp(log_rate * spread) as survival_rate_lower,
        exp(log_rate / spread) as survival_rate_upper,
        cast(min(case when survival_rate <= 0.5 + 1e-12 then day end) over (
            partition by survival_id, breakdown_value
        ) as integer) as median_days
    from rated

)

select * from final
