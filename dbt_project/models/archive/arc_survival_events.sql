{{ rows_before_the_cut('fct_survival_events', 'occurred_at', 'cutoff_at') }}
