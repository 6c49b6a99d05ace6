{# The currency of every amount after staging: the setting `YUNYING_CURRENCY`. #}
{% macro reporting_currency() -%}
    {{ return(setting('CURRENCY', 'USD') | upper) }}
{%- endmacro %}

{# The currency of a row of a feed: that of the reports where it names none. #}
{% macro given_currency(relation) -%}
    coalesce(upper({{ given_id(relation, 'currency') }}), '{{ reporting_currency() }}')
{%- endmacro %}

{# An amount at the rate of its row (`rates`); null where it is more than an amount can be. #}
{% macro in_reporting_currency(amount) -%}
    {{ try_cast('cast(' ~ amount ~ ' as decimal(19, 4)) * rates.rate', 'decimal(18, 4)') }}
{%- endmacro %}

{# Whether an amount is in another currency that has no rate then, or is too large at it. #}
{% macro lacks_rate(relation, amount, instant) -%}
    {{ given_currency(relation) }} <> '{{ reporting_currency() }}' and not exists (
                select 1
                from {{ ref('dim_currency_rates') }} as rates
                where
                    rates.currency = {{ given_currency(relation) }}
                    and {{ instant }} >= rates.valid_from_at
                    and {{ instant }} < rates.valid_to_at
                    and {{ in_reporting_currency(amount) }} is not null
            )
{%- endmacro %}
