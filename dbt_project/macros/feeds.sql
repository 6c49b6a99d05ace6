{# The feeds beside `events`, with the columns without which a row says nothing, and how each is
   read. A row that lacks one is quarantined as `missing_<column>`, one whose value cannot be read
   as `unparseable_<column>`. #}
{% macro feed_required_columns() -%}
    {{ return({
        'users': {'user_id': 'user_id'},
        'contents': {'content_id': 'content_id'},
        'campaigns': {'campaign_id': 'campaign_id'},
        'campaign_assignments': {'campaign_id': 'campaign_id', 'user_id': 'user_id'},
        'channel_costs': {
            'cost_date': parse_date('cost_date'),
            'cost_amount': try_cast('cost_amount', 'decimal(18, 4)'),
        },
        'merchants': {'merchant_id': 'merchant_id'},
        'rule_violations': {
            'merchant_id': 'merchant_id', 'occurred_at': parse_instant('occurred_at'),
        },
        'feedback': {'submitted_at': parse_instant('submitted_at')},
        'kpi_targets': {
            'kpi_id': 'kpi_id', 'target_value': try_cast('target_value', 'decimal(18, 4)'),
        },
        'consents': {'purpose': 'purpose', 'recorded_at': parse_instant('recorded_at')},
        'erasure_requests': {'requested_at': parse_instant('requested_at')},
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

{# The feeds whose raw rows may expire: all but the requests of erasure, which leave raw when
   they are met. #}
{% macro expiring_feeds() -%}
    {{ return(
        ['events'] + (feed_required_columns().keys() | reject('equalto', 'erasure_requests') | list)
    ) }}
{%- endmacro %}
