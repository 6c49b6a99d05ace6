-- Good rows
insert into marts.mart_funnel_time_to_convert by name
select 'checkout' as funnel_id, null as breakdown_value, 1 as from_step, 2 as to_step,
    range as bin_number, 10 + 30 * (range - 1) as bin_from_seconds,
    10 + 30 * range as bin_to_seconds, 500 * (range < 4)::int as mature_reached_count,
    true as is_mature
from range(1, 5);

-- Defect: bins_have_a_width
update marts.mart_funnel_time_to_convert set bin_to_seconds = bin_from_seconds
where bin_number = 2;

-- Defect: bins_hold_everybody
delete from marts.mart_funnel_time_to_convert where bin_number = 2;
