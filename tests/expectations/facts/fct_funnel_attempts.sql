-- Good rows
insert into facts.fct_funnel_attempts by name
select 'checkout' as funnel_id, user_id, row_number() over (partition by user_id order by day)
    as attempt_number, 1 + day % 3 as reached_step, false as is_void, true as is_mature,
    day_date + interval 10 hour as entered_at
from active;

-- Defect: attempts_of_a_person
insert into facts.fct_funnel_attempts by name
select 'checkout' as funnel_id, 'robot' as user_id, range as attempt_number, 1 as reached_step,
    false as is_void, true as is_mature, timestamp '2024-01-01' as entered_at
from range(0, 20001);

-- Defect: exclusions_leave_attempts
update facts.fct_funnel_attempts set is_void = attempt_number > 1;
