-- Good rows
insert into marts.mart_audience_members by name
select 'lapsed' as audience_id, 'u' || range as user_id,
    case when range < 10 then 'holdout' else 'exported' end as status,
    case when range >= 10 then 'added' end as change, range / 100.0 as bucket,
    timestamp '2024-01-05' as export_at
from range(0, 100);

-- Defect: bucket_is_a_share
update marts.mart_audience_members set bucket = 1 where user_id = 'u7';

-- Defect: who_is_on_a_list_was_added_or_kept
update marts.mart_audience_members set change = null where user_id = 'u77';
