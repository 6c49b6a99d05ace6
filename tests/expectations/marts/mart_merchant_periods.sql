-- Good rows
insert into marts.mart_merchant_periods by name
select merchant_id, grain, 'food' as category, 'gold' as level_id, orders as order_count,
    1 as buyer_count, 10 * orders as gross_amount, orders as refunded_amount,
    9 * orders as net_amount, orders as fulfilled_count, 0 as cancelled_count,
    1 as complaint_count, 1 / orders as complaint_rate, 1 as rating_count, 5 as rating_sum,
    5 as mean_rating, 1 as violation_count, 1 as open_violation_count, true as is_mature,
    period_start_date
from (values ('m1'), ('m2')) as merchants (merchant_id)
cross join (
    values ('all', null, 5), ('month', date '2024-01-01', 3), ('month', date '2024-02-01', 2),
        ('day', date '2024-01-05', 1)
) as periods (grain, period_start_date, orders);

-- Defect: months_add_up_to_all
update marts.mart_merchant_periods set gross_amount = 31
where merchant_id = 'm1' and period_start_date = '2024-01-01';
