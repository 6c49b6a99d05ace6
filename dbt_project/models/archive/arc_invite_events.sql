{{ rows_before_the_cut('fct_invite_events', 'occurred_at', 'cutoff_at') }}
