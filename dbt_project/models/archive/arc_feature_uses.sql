{{ rows_before_the_cut('fct_feature_uses', 'occurred_at', 'cutoff_at') }}
