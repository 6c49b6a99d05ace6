{# The feeds beside `events`, with the columns without which a row says nothing. A row that
   lacks one is quarantined as `missing_<column>`. #}
{% macro feed_required_columns() -%}
    {{ return({
        'users': ['user_id'],
        'contents': ['content_id'],
        'campaigns': ['campaign_id'],
        'campaign_assignments': ['campaign_id', 'user_id'],
        'channel_costs': ['cost_date', 'cost_amount'],
        'merchants': ['merchant_id'],
        'rule_violations': ['merchant_id', 'occurred_at'],
        'feedback': ['submitted_at'],
        'kpi_targets': ['kpi_id', 'target_value'],
        'consents': ['purpose', 'recorded_at'],
        'erasure_requests': ['requested_at'],
    }) }}
{%- endmacro %}

{# Rows of one feed that were staged: the raw table less duplicates and quarantine. #}
{% macro staged_feed_rows(feed) -%}
    select {{ feed }}.*
    from {{ source('raw', feed) }} as {{ feed }}
    inner join {{ ref('stg_feed_rows') }} as feed_rows
        on {{ feed }}.load_id = feed_rows.load_id
        and {{ feed }}.row_number = feed_rows.row_number
    where feed_rows.outcome = 'staged'
{%- endmacro %}
