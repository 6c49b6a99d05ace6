-- Good rows
insert into marts.mart_path_edges by name
select 'checkout' as path_id, 'cart' as source_item, target_item, 0 as source_position,
    1 as target_position, occurrence_count, 100 as user_count,
    occurrence_count as mature_occurrence_count, 2000 as mature_source_count,
    occurrence_count / 2000 as rate_from_source, 60.0 as mean_seconds, true as is_mature
from (values ('pay', 1200), ('leave', 500)) as edges (target_item, occurrence_count);

-- Defect: most_items_have_a_name
update marts.mart_path_edges set source_item = 'Other', target_item = 'Other';
