-- Good rows
insert into marts.mart_stickiness by name
select 'days_of_week' as stickiness_id, day_date as period_start_date,
    range as active_intervals, 10 as user_count, true as is_mature
from days cross join range(1, 8) where dayofweek(day_date) = 1;

-- Defect: fits_into_its_period
update marts.mart_stickiness set active_intervals = 8
where period_start_date = '2024-01-08' and active_intervals = 7;
