-- Good rows
insert into marts.mart_page_elements by name
select 'day' as grain, 'home' as page, 'buy' as element, 12 as click_count, 9 as user_count,
    10 as clicked_session_count, 40 as page_session_count, 0.25 as click_rate,
    0.14 as click_rate_lower, 0.4 as click_rate_upper, true as is_mature,
    day_date as period_start_date
from days;

-- Defect: most_elements_have_a_name
insert into marts.mart_page_elements by name
select * replace ('all' as grain, null as period_start_date, 'Other' as page, 1200 as click_count)
from marts.mart_page_elements where period_start_date = '2024-01-05';
