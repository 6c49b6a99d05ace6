{# The instant whose rate a budget takes: that of the start, else of the version of the row. #}
{% macro budget_instant(relation) -%}
    coalesce(
        {{ parse_instant(relation ~ '.starts_at') }}, {{ parse_instant(relation ~ '.updated_at') }}
    )
{%- endmacro %}

{# A number of a row of a feed, from one bound to another; null where it is none such. #}
{% macro bounded_number(text, type, least, most=none) -%}
    case
        when {{ parse_number(text, type) }} >= {{ least }}
            {%- if most is not none %} and {{ parse_number(text, type) }} <= {{ most }}{% endif %}
            then {{ parse_number(text, type) }}
    end
{%- endmacro %}

{# The columns of a campaign that are no plain text: what they say may be none such. #}
{% macro campaign_columns_that_may_be_unread() -%}
    {{ return([
        'budget_amount', 'target_value', 'margin_rate', 'is_randomized', 'starts_at', 'ends_at',
        'updated_at',
    ]) }}
{%- endmacro %}

{# The campaigns of a type: those that say so, and those with events of its roles. #}
{% macro campaigns_of(type, roles) -%}
    select campaign_id
    from {{ ref('dim_campaigns') }}
    where lower(campaign_type) = '{{ type }}'

    union

    select campaign_id
    from {{ ref('fct_campaign_events') }}
    where role in ('{{ roles | join("', '") }}')
{%- endmacro %}
