-- Good rows
insert into marts.mart_rfm_migrations by name
select date '2024-02-29' as snapshot_date, from_segment_id, to_segment_id, user_count
from (values (null, 'segment_1', 20), ('segment_1', 'segment_2', 260), ('segment_2', null, 20))
    as moves (from_segment_id, to_segment_id, user_count);

-- Defect: comes_or_goes_somewhere
update marts.mart_rfm_migrations set to_segment_id = null
where from_segment_id is null;

-- Defect: not_everybody_lapsed
update marts.mart_rfm_migrations set to_segment_id = null
where from_segment_id is not null;
