-- Good rows
insert into marts.mart_attribution by name
select 'order' as conversion_id, model_id, 'month' as grain, channel_id, credited_count,
    10 * credited_count as credited_amount, 5 as cost_amount, 2 * credited_count as roas,
    5 / nullif(credited_count, 0) as cost_per_conversion, true as is_mature,
    date '2024-01-01' as period_start_date
from (
    values ('first', 'search', 3), ('first', 'email', 1), ('linear', 'search', 2.5),
        ('linear', 'email', 1.5)
) as credits (model_id, channel_id, credited_count);

-- Defect: models_give_away_the_same
update marts.mart_attribution set credited_count = 2 where model_id = 'first' and channel_id = 'email';

-- Defect: models_cost_the_same
delete from marts.mart_attribution where model_id = 'first' and channel_id = 'email';
update marts.mart_attribution set credited_count = 4, credited_amount = 40 where model_id = 'first';
