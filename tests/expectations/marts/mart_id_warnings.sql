-- Defect: ids_tell_rows_apart
insert into marts.mart_id_warnings by name
select 'events' as feed, 'events/a.csv' as source_file, 'user_id' as column_name,
    'placeholder' as doubt,
    'user_id is a placeholder such as null: 8 rows of events/a.csv' as problem_en;
