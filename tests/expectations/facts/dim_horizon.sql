-- Good rows
insert into facts.dim_horizon by name
select date '2024-03-01' as data_through_date, date '2024-01-01' as first_activity_date,
    timestamp '2024-03-01 06:00:00' as data_through_at;
