-- Good rows
insert into marts.mart_quarantined_samples by name
select feed, reason, '99 x' as sample, source_file, 1 as sample_number, row_count,
    3 as row_number
from marts.mart_quarantined_rows;

-- Defect: samples_name_nobody
update marts.mart_quarantined_samples set sample = '31 May' where reason like 'un%';

-- Defect: every_reason_has_a_sample
delete from marts.mart_quarantined_samples where reason like 'un%';
