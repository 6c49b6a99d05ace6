{{ rows_before_the_cut('int_identity_pairs', 'first_seen_at', 'cutoff_at') }}
