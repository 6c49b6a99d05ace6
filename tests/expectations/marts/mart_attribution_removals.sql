-- Good rows
insert into marts.mart_attribution_removals by name
select 'order' as conversion_id, channel_id, removal_effect, credit_share, true as is_mature,
    date '2024-01-01' as period_start_date
from (values ('search', 1.0, 0.8), ('email', 0.25, 0.2))
    as effects (channel_id, removal_effect, credit_share);

-- Defect: shares_are_the_whole
update marts.mart_attribution_removals set credit_share = 0.4;
