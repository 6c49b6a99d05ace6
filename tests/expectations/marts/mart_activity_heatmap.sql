-- Good rows
insert into marts.mart_activity_heatmap by name
select 'any' as activity_id, 'month' as grain, weekdays.range as weekday_number,
    weekdays.range as weekday_position, hours.range as hour_of_day, 200 as event_count,
    60 as user_count, 120 as user_hour_count, 4 as hour_count, true as is_mature,
    date '2024-02-01' as period_start_date
from range(1, 8) as weekdays cross join range(0, 24) as hours;

-- Defect: as_many_hours_as_there_are
update marts.mart_activity_heatmap set hour_count = 7
where weekday_number = 1 and hour_of_day = 3;

-- Defect: nobody_in_an_hour_that_was_not
update marts.mart_activity_heatmap set hour_count = 0
where weekday_number = 1 and hour_of_day = 3;

-- Defect: no_hour_holds_nearly_all
update marts.mart_activity_heatmap set event_count = 1000000
where hour_of_day = 0;
