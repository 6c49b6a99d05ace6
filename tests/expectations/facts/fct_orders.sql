-- Good rows
insert into facts.fct_orders by name
select 'o' || range as order_id, 'u' || lpad(cast(range % 120 as text), 3, '0') as user_id,
    10 + range % 90 as gross_amount, 0 as refunded_amount, 10 + range % 90 as net_amount,
    date '2024-01-01' + cast(range % 60 as integer) as order_date,
    date '2024-01-01' + cast(range % 60 as integer) + interval 10 hour as ordered_at
from range(0, 1200);

-- Defect: refund_within_order
update facts.fct_orders set refunded_amount = gross_amount + 1
where order_id = 'o1';

-- Defect: no_order_dwarfs_the_others
update facts.fct_orders set gross_amount = 10000000 where order_id = 'o1';

-- Defect: orders_carry_amounts
update facts.fct_orders set gross_amount = 0 where order_id <> 'o1';
