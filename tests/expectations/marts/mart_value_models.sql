-- Good rows
insert into marts.mart_value_models by name
select 'year_ahead' as model_id, figure_id, value
from (values
    ('r', 0.2), ('alpha', 4.4), ('a', 0.8), ('b', 2.4), ('p', 6.2), ('q', 3.7), ('v', 15.4),
    ('transaction_log_likelihood', -9582), ('spend_log_likelihood', -4056),
    ('customer_count', 2357), ('repeat_customer_count', 946), ('holdout_purchases', 1882),
    ('holdout_expected', 1653)
) as figures (figure_id, value);

-- Defect: parameters_are_above_0
update marts.mart_value_models set value = 0 where figure_id = 'b';

-- Defect: holdout_is_near
update marts.mart_value_models set value = 188 where figure_id = 'holdout_purchases';
