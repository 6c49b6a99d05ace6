-- Good rows
insert into marts.mart_active_users_daily by name
select day_date as activity_date, 60 as dau, 120 as wau, 120 as mau, 0.5 as stickiness_rate,
    true as is_mature
from days;
insert into marts.mart_active_users_daily by name
select date '2024-03-01' as activity_date, 5 as dau, 120 as wau, 120 as mau,
    5 / 120 as stickiness_rate, false as is_mature;

-- Defect: no_day_missing
delete from marts.mart_active_users_daily where activity_date = '2024-01-05';

-- Defect: reaches_the_horizon
delete from marts.mart_active_users_daily where activity_date > '2024-02-20';

-- Defect: users_did_not_vanish
update marts.mart_active_users_daily set dau = 5
where activity_date = '2024-02-29';
