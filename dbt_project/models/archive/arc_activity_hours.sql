{{ rows_before_the_cut('fct_activity_hours', 'event_date', 'cutoff_date') }}
