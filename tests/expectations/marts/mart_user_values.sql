-- Good rows
insert into marts.mart_user_values by name
select 'year_ahead' as model_id, 'c' || range as user_id, range % 4 as frequency,
    5 * (range % 4) as recency_units, 30 as age_units, 1 / (1 + range % 4) as p_alive,
    0.5 as expected_purchase_count, 20 as expected_purchase_amount, 10 as expected_value_amount,
    1 as holdout_purchase_count, 0.8 as holdout_expected_count
from range(0, 300);

-- Defect: who_bought_once_is_there
update marts.mart_user_values set p_alive = 0.5 where user_id = 'c8';
