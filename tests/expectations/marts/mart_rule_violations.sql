-- Good rows
insert into marts.mart_rule_violations by name
select 'day' as grain, rule_id, severity, violations as violation_count,
    2 as violating_merchant_count, 9 as active_merchant_count, 0.2 as violation_rate,
    0.1 as violation_rate_lower, 0.5 as violation_rate_upper, 1 as repeat_offender_count,
    0.5 as repeat_offender_rate, 0.1 as repeat_offender_rate_lower,
    0.9 as repeat_offender_rate_upper, 1 as resolved_count, violations - 1 as open_count,
    60 as median_seconds_to_resolution, true as is_mature, day_date as period_start_date
from days
cross join (
    values (null, null, 5), ('late', 'minor', 3), ('late', '', 2)
) as parts (rule_id, severity, violations);

-- Defect: rules_add_up_to_all
delete from marts.mart_rule_violations where severity = '' and period_start_date = '2024-01-05';
