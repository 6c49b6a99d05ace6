{{ rows_before_the_cut('fct_activity_days', 'activity_date', 'cutoff_date') }}
