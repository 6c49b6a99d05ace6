{{ rows_before_the_cut('fct_landings', 'touched_at', 'cutoff_at') }}
