-- Good rows
insert into marts.mart_supply_demand by name
select 'day' as grain, category, 4 as listing_merchant_count, 3 as selling_merchant_count,
    20 as demand_count, 10 as demand_user_count, 5 as order_count, 50 as gross_amount,
    0.25 as orders_per_demand, true as is_mature, day_date as period_start_date
from days
cross join (values ('food'), ('')) as categories (category);
