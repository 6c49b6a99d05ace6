-- Good rows
insert into marts.mart_feature_launches by name
select 'map' as feature_id, measure_id, 40 as adopter_count, 80 as other_count,
    3.0 as adopter_mean_before, 5.0 as adopter_mean_after, 2.0 as other_mean_before,
    2.5 as other_mean_after, 1.5 as change_difference, 0.4 as change_difference_lower,
    2.6 as change_difference_upper, false as is_randomized, true as is_mature,
    date '2024-01-20' as release_date
from (values ('active_days'), ('net_amount')) as measures (measure_id);

-- Defect: differences_are_within_their_interval
update marts.mart_feature_launches set change_difference = 3 where measure_id = 'net_amount';

-- Defect: measures_are_of_the_same_people
update marts.mart_feature_launches set other_count = 79 where measure_id = 'net_amount';
