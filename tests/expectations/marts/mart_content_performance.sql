-- Good rows
insert into marts.mart_content_performance by name
select 'p' || day_date as content_id, 'ugc' as origin,
    'news' as category, 'Title' as title, window_days, 100 + size as exposure_count,
    10 as clicked_exposure_count, 12 as click_count, 0.1 as click_rate, 0.05 as click_rate_lower,
    0.2 as click_rate_upper, 20 + size as read_count, 15 + size as reader_count,
    8 as finished_read_count, 0.4 as finish_rate, 0.2 as finish_rate_lower,
    0.6 as finish_rate_upper, 9 as dwell_read_count, 270 as dwell_seconds,
    30 as mean_dwell_seconds, 6 as interaction_count, 4 as interacting_reader_count,
    0.25 as interaction_rate, 0.1 as interaction_rate_lower, 0.5 as interaction_rate_upper,
    3 as share_count, 5 as share_open_count, 2 as shared_in_reader_count,
    1.6 as opens_per_share, 0.1 as k_factor, half_life_seconds, true as is_mature
from days
cross join (
    values (1, 0, null), (7, 5, null), (30, 9, null), (null, 9, 3600)
) as windows (window_days, size, half_life_seconds);

-- Defect: longer_windows_hold_more
update marts.mart_content_performance set read_count = 21
where content_id = 'p2024-01-05' and window_days = 30;
