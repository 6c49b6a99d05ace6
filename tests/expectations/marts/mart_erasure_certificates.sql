-- Good rows
insert into marts.mart_erasure_certificates by name
select sha256('u999') as person_hash, 'raw' as layer, object, 7 as removed_count,
    true as is_removed, timestamp '2024-02-20 08:00:00' as requested_at,
    timestamp '2024-02-21 03:00:00' as removed_at
from (values ('raw.events'), ('raw.users')) as objects (object);

-- Defect: names_nobody
update marts.mart_erasure_certificates set person_hash = 'u999';

-- Defect: nothing_is_left
update marts.mart_erasure_certificates set is_removed = false
where object = 'raw.users';
