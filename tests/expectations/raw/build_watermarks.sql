-- Good rows
insert into raw.build_watermarks values
    (59, 'c', '2024-02-29 03:00:00'), (60, 'c', '2024-03-01 07:00:00');
