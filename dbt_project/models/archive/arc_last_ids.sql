{{ rows_before_the_cut('fct_last_ids', 'activity_date', 'cutoff_date') }}
