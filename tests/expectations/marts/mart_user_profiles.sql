-- Good rows
insert into marts.mart_user_profiles by name
select 'c' || range as user_id, case when range % 5 = 0 then 'churn' else 'growth' end as stage_id,
    1 + range as active_day_count, range % 20 as silent_days, range % 3 as order_count,
    range % 4 as feature_count, case when range % 5 = 0 then 1 else 0.2 end as churn_risk_rate,
    case when range % 2 = 0 then 'even' end as tags, false as is_mature,
    date '2024-01-02' as last_active_date
from range(0, 300);

-- Defect: churned_are_lost
update marts.mart_user_profiles set churn_risk_rate = 0.5 where user_id = 'c10';

-- Defect: tags_tell_users_apart
update marts.mart_user_profiles set tags = 'even';
