-- Good rows
insert into facts.fct_sessions by name
select user_id || '-' || day as session_id, user_id, 2 as event_count,
    day_date as session_date, day_date + interval 10 hour as started_at,
    day_date + interval 11 hour as ended_at
from active;

-- Defect: shorter_than_a_month
update facts.fct_sessions set ended_at = started_at + interval 31 day
where session_id = 'u000-0';

-- Defect: events_of_a_person
update facts.fct_sessions set event_count = 20001 where session_id = 'u000-0';
