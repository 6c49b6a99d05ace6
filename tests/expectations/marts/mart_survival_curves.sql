-- Good rows
insert into marts.mart_survival_curves by name
select 'first_order' as survival_id, breakdown_value, day, at_risk_count, ended_count,
    censored_count, survival_rate, survival_rate - 0.1 as survival_rate_lower,
    survival_rate + 0.1 as survival_rate_upper, 3 as median_days
from (values (0, 10, 0, 1, 0.9e0), (2, 9, 3, 0, 0.6), (3, 6, 2, 3, 0.3), (4, 1, 0, 1, 0.3e0 + 1e-15))
    as days (day, at_risk_count, ended_count, censored_count, survival_rate)
cross join (values (null), ('ios')) as parts (breakdown_value);

-- Defect: who_is_left_is_at_risk
update marts.mart_survival_curves set at_risk_count = 7 where day = 3 and breakdown_value = 'ios';
