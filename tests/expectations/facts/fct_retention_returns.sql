-- Good rows
insert into facts.fct_retention_returns by name
select 'weekly' as retention_id, user_id, range as period_number,
    timestamp '2024-01-01 00:00:00' as cohort_start_at
from (select distinct user_id from active) as users cross join range(0, 8);
