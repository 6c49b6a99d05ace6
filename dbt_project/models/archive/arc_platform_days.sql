{{ rows_before_the_cut('fct_platform_days', 'event_date', 'cutoff_date') }}
