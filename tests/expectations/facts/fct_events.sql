-- Good rows
insert into facts.fct_events by name
select event_id, 'events' as source_id, user_id, event_name, null as amount,
    true as is_activity, cast(left(occurred_at, 10) as date) as event_date,
    cast(left(occurred_at, 10) as timestamp) + interval 10 hour as occurred_at
from raw.events;

-- Defect: not_before_the_web
update facts.fct_events set occurred_at = '1970-01-01' where event_id = 'u000-0-0';

-- Defect: amount_of_this_world
update facts.fct_events set amount = 2e12 where event_id = 'u000-0-0';

-- Defect: no_day_holds_most_events
update facts.fct_events set event_date = '2024-01-01'
where hash(event_id) % 10 < 7;

-- Defect: few_event_names
update facts.fct_events set event_name = event_id;
