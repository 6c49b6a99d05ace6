-- Good rows
insert into marts.mart_campaign_review by name
select 'spring' as campaign_id, 1000 as assigned_count, 800 as exposed_count,
    2 as multiple_variant_user_count, 0 as exposed_before_assigned_count,
    0 as unassigned_exposed_count, 20.0 as cost_amount, true as is_mature;

-- Defect: assigned_count_not_negative
update marts.mart_campaign_review set assigned_count = -1, exposed_count = -2;

-- Defect: exposed_count_not_negative
update marts.mart_campaign_review set exposed_count = -1;

-- Defect: exposed_count_within_assigned_count
update marts.mart_campaign_review set exposed_count = 1001;
