-- Good rows
insert into marts.mart_campaign_discounts by name
select 'coupons' as campaign_id, 200 as issued_user_count, 30 as redeemed_user_count,
    40 as redeemed_count, 4000 as gross_amount, 400 as discount_amount, 0.15 as redemption_rate,
    0.1 as discount_rate, 0.3333 as break_even_uplift_rate, 0.75 as would_have_bought_rate,
    30.0 as incremental_buyer_count, -4.0 as pulled_forward_order_count;

-- Defect: who_redeems_was_issued
update marts.mart_campaign_discounts set redeemed_user_count = 0;

-- Defect: less_off_than_paid
update marts.mart_campaign_discounts set discount_amount = 4001;
