-- Good rows
insert into marts.mart_path_sequences by name
select item_sequence as sequence_key, 'checkout' as path_id, item_sequence, 2 as item_count,
    occurrence_count, 100 as user_count, occurrence_count as mature_occurrence_count,
    2000 as mature_path_occurrence_count, occurrence_count / 2000 as occurrence_rate,
    true as is_mature
from (values ('cart > pay', 1200), ('cart > leave', 500), ('cart', 300))
    as sequences (item_sequence, occurrence_count);

-- Defect: sequences_sum_to_occurrences
delete from marts.mart_path_sequences where item_sequence = 'cart';
