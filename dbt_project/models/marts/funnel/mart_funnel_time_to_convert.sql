with

pair_times as (

    select * from {{ ref('step_funnel_pair_times') }}

),

times as (

    select * from {{ ref('mart_funnel_times') }}

),

funnels as (

    select * from {{ ref('dim_funnels') }}

),

roots as (

    select
        times.*,
        funnels.time_bins,
        round(cbrt(times.mature_reached_count)) as root
    from times
    inner join funnels on times.funnel_id = funnels.funnel_id

),

-- The cube root rounded up, without trust in the last digit of a floating number.
sized as (

    select
        roots.*,
        cast(coalesce(time_bins, least(
            60, case when root * root * root < mature_reached_count then root + 1 else root end
        )) as integer) as bin_count,
        cast(floor(least_seconds) as bigint) as first_edge
    from roots

),

binned as (

    select
        sized.*,
        case
            when least_seconds = most_seconds then 60
            else cast(ceil((ceil(most_seconds) - first_edge) / bin_count) as bigint)
        end as bin_width
    from sized

),

-- One bin more than were asked for, as the greatest time may be the last edge.
bins as (

    select
        binned.*,
        cast(numbers.bin_number as integer) as bin_number
    from binned
    {{ explode(integer_array('1', 'binned.bin_count + 1'), 'numbers', 'bin_number') }}

),

placed as (

    select
        binned.funnel_id,
        binned.breakdown_value,
        binned.from_step,
        binned.to_step,
        cast(floor(
            (pair_times.microseconds - binned.first_edge * 1000000)
            / (binned.bin_width * 1000000.0)
        ) as integer) + 1 as bin_number,
        count(*) as mature_reached_count
    from pair_times
    inner join binned
        on pair_times.funnel_id = binned.funnel_id
        and pair_times.from_step = binned.from_step
        and pair_times.to_step = binned.to_step
        and pair_times.breakdown_value is not distinct from binned.breakdown_value
    group by
        binned.funnel_id, binned.breakdown_value, binned.from_step, binned.to_step, bin_number

)

select
    bins.funnel_id,
    bins.breakdown_value,
    bins.from_step,
    bins.to_step,
    bins.bin_number,
    bins.first_edge + (bins.bin_number - 1) * bins.bin_width as bin_from_seconds,
    bins.first_edge + bins.bin_number * bins.bin_width as bin_to_seconds,
    coalesce(placed.mature_reached_count, 0) as mature_reached_count,
    bins.is_mature
from bins
left join placed
    on bins.funnel_id = placed.funnel_id
    and bins.from_step = placed.from_step
    and bins.to_step = placed.to_step
    and bins.bin_number = placed.bin_number
    and bins.breakdown_value is not distinct from placed.breakdown_value
