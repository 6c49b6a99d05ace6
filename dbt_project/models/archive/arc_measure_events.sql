{{ rows_before_the_cut('fct_measure_events', 'occurred_at', 'cutoff_at') }}
