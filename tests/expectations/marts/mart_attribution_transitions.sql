-- Good rows
insert into marts.mart_attribution_transitions by name
select 'order' as conversion_id, from_channel_id, to_channel_id, transition_count,
    transition_rate, true as is_mature, date '2024-01-01' as period_start_date
from (
    values ('(start)', 'search', 4, 1.0), ('search', '(conversion)', 1, 0.25),
        ('search', '(null)', 3, 0.75)
) as steps (from_channel_id, to_channel_id, transition_count, transition_rate);

-- Defect: steps_from_a_channel_are_whole
delete from marts.mart_attribution_transitions where to_channel_id = '(null)';
