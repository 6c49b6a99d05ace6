-- Good rows
insert into marts.mart_campaign_balance by name
select 'spring' as campaign_id, variant, assigned_count, exposed_count, expected_share,
    expected_share * 1000 as expected_count, 0.1 as chi_square, 0.75 as p_value, false as is_mismatch
from (values ('control', 105, 0, 0.1), ('mail', 895, 800, 0.9))
    as arms (variant, assigned_count, exposed_count, expected_share);

-- Defect: assigned_count_not_negative
update marts.mart_campaign_balance set assigned_count = -1, exposed_count = -1 where variant = 'mail';

-- Defect: exposed_count_not_negative
update marts.mart_campaign_balance set exposed_count = -1 where variant = 'mail';

-- Defect: exposed_count_within_assigned_count
update marts.mart_campaign_balance set exposed_count = assigned_count + 1 where variant = 'mail';

-- Defect: expected_share_between_0_and_1
update marts.mart_campaign_balance set expected_share = 1.9 where variant = 'mail';

-- Defect: p_value_between_0_and_1
update marts.mart_campaign_balance set p_value = 1.1;

-- Defect: shares_are_the_whole
update marts.mart_campaign_balance set expected_share = 0.5 where variant = 'mail';
