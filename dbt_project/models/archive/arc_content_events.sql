{{ rows_before_the_cut('fct_content_events', 'occurred_at', 'cutoff_at') }}
