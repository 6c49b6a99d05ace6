-- Good rows
insert into marts.mart_campaign_cobrands by name
select 'tea' as campaign_id, 50 as buyer_count, 20 as new_to_brand_count, 1000 as audience_count,
    300 as overlap_count, 900 as net_amount, 400 as new_to_brand_net_amount,
    0.4 as new_to_brand_rate, 0.3 as overlap_rate;

-- Defect: audiences_overlap
update marts.mart_campaign_cobrands set overlap_count = 0;
