-- Good rows
insert into marts.mart_page_exits by name
select 'day' as grain, page, 10 as session_count, entry_count, exit_count, 2 as bounce_count,
    exit_count / 10 as exit_rate, 0.1 as exit_rate_lower, 0.9 as exit_rate_upper,
    true as is_mature, day_date as period_start_date
from days
cross join (values ('home', 8, 3), ('list', 2, 7)) as pages (page, entry_count, exit_count);

-- Defect: who_comes_in_leaves
update marts.mart_page_exits set exit_count = 6
where page = 'list' and period_start_date = '2024-01-05';

-- Defect: most_pages_have_a_name
insert into marts.mart_page_exits by name
select * replace ('all' as grain, null as period_start_date)
from marts.mart_page_exits where period_start_date = '2024-01-05';
update marts.mart_page_exits
set page = if(page = 'home', 'Other', page), session_count = if(page = 'home', 900, 200)
where grain = 'all';
