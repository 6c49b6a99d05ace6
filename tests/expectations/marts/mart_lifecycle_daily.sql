-- Good rows
insert into marts.mart_lifecycle_daily by name
select day_date as activity_date, stage_id, user_count, 0 as entered_count, 0 as left_count,
    true as is_mature
from days cross join (values ('introduction', 1000), ('growth', 200), ('churn', 0))
    as stages (stage_id, user_count);

-- Defect: nobody_is_lost
update marts.mart_lifecycle_daily set user_count = 199
where activity_date = '2024-01-05' and stage_id = 'growth';

-- Defect: somebody_gets_past_introduction
update marts.mart_lifecycle_daily set stage_id = 'dormancy'
where stage_id = 'growth';
