-- Good rows
insert into marts.mart_audience_exports by name
select 'lapsed' as audience_id, 350 as matched_count, 20 as no_consent_count, 10 as capped_count,
    20 as holdout_count, 300 as exported_count, case when day = 0 then 300 else 30 end as added_count,
    case when day = 0 then 0 else 270 end as kept_count,
    case when day = 0 then 0 else 30 end as removed_count, cast(day_date as timestamp) as export_at
from days;

-- Defect: matched_is_the_sum_of_its_kinds
update marts.mart_audience_exports set capped_count = 11 where export_at = '2024-01-05';

-- Defect: a_list_follows_from_the_one_before
update marts.mart_audience_exports set removed_count = 29 where export_at = '2024-01-05';

-- Defect: lists_do_not_leap
update marts.mart_audience_exports set exported_count = 20
where export_at = (select max(export_at) from marts.mart_audience_exports);
