-- Good rows
insert into marts.mart_sales_periods by name
select 'day' as grain, 12 as order_count, 10 as customer_count, 1 as new_customer_count,
    9 as repeat_customer_count, 60 as active_user_count, 120 as gross_amount,
    20 as refunded_amount, 100 as net_amount, 100 / 60 as arpu, 0.9 as repeat_rate,
    true as is_mature, day_date as period_start_date
from days;

-- Defect: net_is_gross_less_refunds
update marts.mart_sales_periods set net_amount = 99
where period_start_date = '2024-01-05';

-- Defect: refunds_did_not_eat_the_sales
update marts.mart_sales_periods set refunded_amount = 10000, net_amount = -9880;
