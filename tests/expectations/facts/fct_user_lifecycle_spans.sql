-- Good rows
insert into facts.fct_user_lifecycle_spans by name
select user_id, 'introduction' as stage_id, null as previous_stage_id,
    false as is_resurrected, min(day_date) as valid_from_date, date '2024-01-15' as valid_to_date
from active group by user_id;
insert into facts.fct_user_lifecycle_spans by name
select user_id, 'maturity' as stage_id, 'introduction' as previous_stage_id,
    false as is_resurrected, date '2024-01-15' as valid_from_date
from facts.fct_user_lifecycle_spans;

-- Defect: lasts_a_day_or_more
update facts.fct_user_lifecycle_spans set valid_to_date = valid_from_date
where user_id = 'u000' and stage_id = 'introduction';

-- Defect: changes_stage
update facts.fct_user_lifecycle_spans set previous_stage_id = 'maturity'
where user_id = 'u000' and stage_id = 'maturity';
