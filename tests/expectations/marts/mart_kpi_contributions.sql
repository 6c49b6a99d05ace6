-- Good rows
insert into marts.mart_kpi_contributions by name
select 'orders' as kpi_id, 'day' as grain, 'previous' as comparison, driver_id, from_value, to_value,
    contribution, true as is_mature, date '2024-06-01' as period_start_date
from (values ('visits', 10, 12, 4), ('rate', 2, 2, 0))
    as drivers (driver_id, from_value, to_value, contribution);

-- Defect: what_did_not_move_contributes_nothing
update marts.mart_kpi_contributions set contribution = 1 where driver_id = 'rate';
