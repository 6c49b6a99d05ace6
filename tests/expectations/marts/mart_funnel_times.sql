-- Good rows
insert into marts.mart_funnel_times by name
select 'checkout' as funnel_id, null as breakdown_value, 1 as from_step, 2 as to_step,
    1500 as mature_reached_count, 10.0 as least_seconds, 60.0 as mean_seconds,
    50.0 as median_seconds, 90.0 as p90_seconds, 100.0 as most_seconds, true as is_mature;

-- Defect: not_all_in_one_second
update marts.mart_funnel_times set least_seconds = 0, median_seconds = 0;
