-- Good rows
insert into marts.mart_lifecycle_migrations by name
select 'week' as grain, from_stage_id, to_stage_id, user_count, user_count as move_count,
    false as is_resurrected, true as is_mature, day_date as period_start_date
from days
cross join (values (null, 'introduction', 20), ('introduction', 'growth', 5),
    ('growth', 'dormancy', 60)) as moves (from_stage_id, to_stage_id, user_count)
where dayofweek(day_date) = 1;

-- Defect: silence_is_entered_in_order
update marts.mart_lifecycle_migrations set from_stage_id = 'churn'
where period_start_date = '2024-01-08' and to_stage_id = 'dormancy';

-- Defect: not_everybody_fell_silent
update marts.mart_lifecycle_migrations set user_count = 1100
where period_start_date = '2024-02-26' and to_stage_id = 'dormancy';
