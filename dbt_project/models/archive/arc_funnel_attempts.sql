{{ rows_before_the_cut('fct_funnel_attempts', 'entered_at', 'cutoff_at') }}
