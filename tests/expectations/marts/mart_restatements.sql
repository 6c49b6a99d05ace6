-- Good rows
insert into marts.mart_restatements by name
select 'b2' as build_id, 'b1' as previous_build_id,
    'marts.mart_active_users_daily' as table_name, '{"activity_date":"2024-01-05"}' as row_key,
    'dau' as column_name, 'late_rows' as reasons, 'rows arrived late' as reason_en,
    '迟到的数据' as reason_zh, '60' as old_value, '61' as new_value, false as is_gone,
    timestamp '2024-02-01 03:00:00' as restated_at;

-- Defect: values_differ
update marts.mart_restatements set new_value = '60';

-- Defect: no_flood
insert into marts.mart_restatements by name
select 'b' as build_id, 'marts.mart_x' as table_name, cast(range as text) as row_key,
    'dau' as column_name, '1' as new_value, false as is_gone
from range(0, 100001);
