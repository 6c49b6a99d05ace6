-- Good rows
insert into marts.mart_content_age_curves by name
select 'p' as content_id, row_number() over (order by day_date) - 1 as age_days, 4 as read_count,
    4 * row_number() over (order by day_date) as cumulative_read_count, true as is_mature
from days;

-- Defect: reads_add_up
update marts.mart_content_age_curves set read_count = 5 where age_days = 3;
