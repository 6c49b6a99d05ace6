-- Good rows
insert into seeds.stickiness by name
select 'days_of_week' as stickiness_id, 'any' as activity_id, 'week' as period;
