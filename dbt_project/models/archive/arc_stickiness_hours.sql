{{ rows_before_the_cut('fct_stickiness_hours', 'activity_date', 'cutoff_date') }}
