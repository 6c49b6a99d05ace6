-- Good rows
insert into marts.mart_feedback by name
select 'day' as grain, dimension, dimension_value, feedback_count, feedback_count as user_count,
    feedback_count as score_count, feedback_count * 8 as score_sum, 8 as mean_score,
    0 as promoter_count, feedback_count as passive_count, 0 as detractor_count, 0 as nps,
    feedback_count as answered_count, 60 as median_seconds_to_answer, 0 as closed_count,
    0 as released_count, 0 as closed_loop_rate, true as is_mature, day_date as period_start_date
from days
cross join (
    values ('all', null, 5), ('kind', 'nps', 3), ('kind', '', 2)
) as parts (dimension, dimension_value, feedback_count);

-- Defect: dimensions_add_up_to_all
delete from marts.mart_feedback where dimension_value = '' and period_start_date = '2024-01-05';
