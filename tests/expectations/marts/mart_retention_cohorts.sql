-- Good rows
insert into marts.mart_retention_cohorts by name
select 'weekly' as retention_id, timestamp '2024-01-01' as cohort_start_at,
    date '2024-01-01' as cohort_start_date, null as breakdown_value, range as period_number,
    100 as cohort_size, 100 - 10 * range as returned_count, 90 as eligible_count,
    least(90, 100 - 10 * range) as mature_returned_count,
    least(90, 100 - 10 * range) / 90 as retention_rate, 5 as same_period_returned_count,
    false as is_mature
from range(0, 8);

-- Defect: period_0_is_whole
update marts.mart_retention_cohorts set returned_count = 99
where period_number = 0;
