{{ rows_before_the_cut('fct_event_days', 'event_date', 'cutoff_date') }}
    and fact.event_name is not null
    and fact.event_count > 0
