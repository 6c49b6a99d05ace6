-- Good rows
insert into marts.mart_kpi_values by name
select 'orders' as kpi_id, 'day' as grain, value, target_value, value / target_value as attainment_rate,
    10 as previous_value, value - 10 as change, 5 as usual_low, 15 as usual_high,
    value >= target_value as is_on_target, true as is_mature, period_start_date
from (values (12.0, 11.0, date '2024-06-01'), (9.0, null, date '2024-06-02'))
    as days (value, target_value, period_start_date);

-- Defect: figures_are_of_the_value
update marts.mart_kpi_values set change = 3 where value = 12;

-- Defect: figures_are_of_the_value
update marts.mart_kpi_values set is_on_target = null where value = 12;

-- Defect: in_order
update marts.mart_kpi_values set usual_low = 20 where value = 9;
