-- Good rows
insert into facts.fct_user_days by name
select user_id, 2 as event_count, 1 as session_count, 0 as order_count,
    1 as key_action_count, 0 as net_amount, day_date as activity_date
from active;

-- Defect: events_of_a_person
update facts.fct_user_days set event_count = 20001 where user_id = 'u000';

-- Defect: orders_of_a_person
update facts.fct_user_days set order_count = 501 where user_id = 'u000';
