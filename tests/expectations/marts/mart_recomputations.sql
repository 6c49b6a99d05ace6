-- Good rows
insert into marts.mart_recomputations by name
select null as definition, null as definition_id, 'events' as reason,
    'events of theirs came or went' as reason_en, '这些用户的事件有新到或撤下' as reason_zh,
    60 as user_count, timestamp '2024-02-01 03:00:00' as from_at
union all by name
select 'funnel' as definition, 'to_buy' as definition_id, 'changed_definition' as reason,
    'the definition says something else' as reason_en, '定义改了' as reason_zh,
    120 as user_count;

-- Defect: definitions_are_named
update marts.mart_recomputations set definition_id = null;
