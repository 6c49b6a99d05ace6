-- Good rows
insert into marts.mart_content_positions by name
select 'day' as grain, position, 40 as exposure_count, 5 as clicked_exposure_count,
    40 as mature_exposure_count, 5 as mature_clicked_exposure_count, 0.125 as click_rate,
    0.05 as click_rate_lower, 0.26 as click_rate_upper, true as is_mature,
    day_date as period_start_date
from days
cross join (values (1), (2), (null)) as positions (position);
