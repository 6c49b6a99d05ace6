{{ rows_before_the_cut('fct_feature_adoptions', 'eligible_at', 'cutoff_at') }}
