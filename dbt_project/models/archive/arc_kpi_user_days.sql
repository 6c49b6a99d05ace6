{{ rows_before_the_cut('fct_kpi_user_days', 'activity_date', 'cutoff_date') }}
