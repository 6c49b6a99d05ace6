{{ rows_before_the_cut('fct_path_items', 'anchor_at', 'paths_from_at') }}
