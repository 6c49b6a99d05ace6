-- Good rows
insert into marts.mart_concentration by name
select measure_id, 'day' as grain, 20 as unit_count, 100 as total_value, 0.1 as hhi,
    10 as effective_count, 0.5 as gini, 0.2 as top_1_share, 0.8 as top_10_share,
    0.3 as top_decile_share, true as is_mature, day_date as period_start_date
from days
cross join (values ('merchant_orders'), ('content_reads')) as measures (measure_id);
