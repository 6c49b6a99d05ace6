-- Good rows
insert into seeds.activities by name select 'any' as activity_id;
