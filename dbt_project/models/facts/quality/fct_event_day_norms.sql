{# Square roots, because the root of a count varies alike whatever its size (Bartlett 1936): by
   1/2 where chance alone is at work, so no scale is below that. 1.4826 medians of absolute
   deviations are a standard deviation, and 3.5 of them the cut of Iglewicz and Hoaglin
   (1993, How to Detect and Handle Outliers). #}
with

fct_event_days as (

    select
        source_id,
        coalesce(event_name, '') as event_name,
        event_count,
        event_date
    from {{ ref('fct_event_days') }}

),

-- Each day among the history of the eight that follow on the same day of the week.
history as (

    select
        days.source_id,
        days.event_name,
        days.event_date,
        sqrt(earlier.event_count) as count_root
    from (
        select
            fct_event_days.*,
            {{ days_after('event_date', '7 * weeks.week_number') }} as compared_date
        from fct_event_days
        {{ explode(integer_array(1, 8), 'weeks', 'week_number') }}
    ) as earlier
    inner join fct_event_days as days
        on earlier.source_id = days.source_id
        and earlier.event_name = days.event_name
        and earlier.compared_date = days.event_date

),

middles as (

    select
        source_id,
        event_name,
        event_date,
        count(*) as history_day_count,
        median(count_root) as middle_root
    from history
    group by source_id, event_name, event_date

),

spreads as (

    select
        history.source_id,
        history.event_name,
        history.event_date,
        greatest(1.4826 * median(abs(history.count_root - middles.middle_root)), 0.5)
            as root_scale
    from history
    inner join middles
        on history.source_id = middles.source_id
        and history.event_name = middles.event_name
        and history.event_date = middles.event_date
    group by history.source_id, history.event_name, history.event_date

),

norms as (

    select
        middles.source_id,
        nullif(middles.event_name, '') as event_name,
        middles.history_day_count,
        round(cast(middles.middle_root * middles.middle_root as double), 2) as expected_count,
        cast(ceil(power(greatest(middles.middle_root - 3.5 * spreads.root_scale, 0), 2))
            as bigint) as lower_count,
        cast(floor(power(middles.middle_root + 3.5 * spreads.root_scale, 2)) as bigint)
            as upper_count,
        middles.event_date
    from middles
    inner join spreads
        on middles.source_id = spreads.source_id
        and middles.event_name = spreads.event_name
        and middles.event_date = spreads.event_date

)

select * from norms
