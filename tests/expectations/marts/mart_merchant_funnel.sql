-- Good rows
insert into marts.mart_merchant_funnel by name
select 'day' as grain, stage_number, stage_id, reached as merchant_count,
    10 as mature_signed_up_count, reached as mature_merchant_count,
    previous as mature_previous_count, reached / 10 as rate_from_start,
    0.1 as rate_from_start_lower, 0.9 as rate_from_start_upper,
    reached / previous as rate_from_previous, 0.1 as rate_from_previous_lower,
    0.9 as rate_from_previous_upper, true as is_mature, day_date as period_start_date
from days
cross join (
    values (1, 'signed_up', 10, 10), (2, 'listed', 8, 10), (3, 'first_sale', 4, 8),
        (4, 'retained', 2, 4)
) as stages (stage_number, stage_id, reached, previous);

-- Defect: never_widens
update marts.mart_merchant_funnel set merchant_count = 9
where stage_number = 3 and period_start_date = '2024-01-05';
