with

streaks as (

    select * from {{ ref('fct_check_in_streaks') }}

),

longest as (

    select
        campaign_id,
        max(day_count) as day_count
    from streaks
    group by campaign_id

),

days as (

    select
        longest.campaign_id,
        cast(day_numbers.day_number as integer) as day_number
    from longest
    {{ explode(integer_array('1', 'longest.day_count'), 'day_numbers', 'day_number') }}

),

lengths as (

    select
        campaign_id,
        day_count,
        count(*) as streak_count,
        count(case when is_open then 1 end) as open_count
    from streaks
    group by campaign_id, day_count

),

-- Of a day: streaks of just as many days, those of them that may go on, and all of as many or more.
reached as (

    select
        days.campaign_id,
        days.day_number,
        coalesce(lengths.streak_count, 0) as last_day_count,
        coalesce(lengths.open_count, 0) as open_count,
        sum(coalesce(lengths.streak_count, 0)) over (
            partition by days.campaign_id
            order by days.day_number desc
            rows between unbounded preceding and current row
        ) as streak_count
    from days
    left join lengths
        on days.campaign_id = lengths.campaign_id
        and days.day_number = lengths.day_count

),

continued as (

    select
        campaign_id,
        day_number,
        cast(streak_count as bigint) as streak_count,
        cast(streak_count - open_count as bigint) as at_risk_count,
        cast(streak_count - last_day_count as bigint) as continued_count,
        {{ rate('streak_count - last_day_count', 'streak_count - open_count') }}
            as continuation_rate
    from reached

),

-- A product, as the sum of logarithms: only the last day may have a rate of 0, or none.
final as (

    select
        continued.*,
        coalesce(
            exp(
                sum(ln(nullif(continuation_rate, 0))) over (
                    partition by campaign_id
                    order by day_number
                    rows between unbounded preceding and 1 preceding
                )
            ),
            1.0
        ) as survival_rate
    from continued

)

select * from final
