{# What a tag says; null where it says that there is nothing to say. #}
{% macro given_tag(tag) -%}
    case when lower({{ tag }}) not in ('', '(direct)', '(none)', '(not set)') then {{ tag }} end
{%- endmacro %}

{# The host of a referrer, in small letters, without `www.` and port; null where it names none.
   Classes rather than backslashes, which engines read each in their own way. #}
{% macro referrer_host(referrer) -%}
    nullif(regexp_extract(
        lower({{ referrer }}),
        '^(?:(?:[a-z][a-z0-9+.-]*:)?//)?(?:[^/?#@]*@)?(?:www[.])?([^/?#:@ ]+)(?::[0-9]*)?(?:[/?#]|$)',
        1
    ), '')
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

{# Whether a period of a grain, which starts on a day, and so many times 24 hours after it are over
   by the horizon (a relation `horizon`). `all` never is. #}
{% macro is_period_over(grain, start_date, days) -%}
    coalesce(
        {{ add_seconds(
            "case " ~ grain
            ~ " when 'day' then " ~ local_midnight(dbt.dateadd('day', 1, start_date))
            ~ " when 'week' then " ~ local_midnight(dbt.dateadd('day', 7, start_date))
            ~ " when 'month' then " ~ local_midnight(dbt.dateadd('month', 1, start_date))
            ~ " end",
            '(' ~ days ~ ') * 86400'
        ) }} <= horizon.data_through_at,
        false
    )
{%- endmacro %}

{# The models that credit touches by a rule, and Shapley's, which is one of channels. #}
{% macro attribution_models() -%}
    {{ return(
        ['first', 'last', 'last_non_direct', 'linear', 'position', 'time_decay', 'shapley']
    ) }}
{%- endmacro %}
