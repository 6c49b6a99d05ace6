{{ rows_before_the_cut('fct_campaign_events', 'occurred_at', 'cutoff_at') }}
