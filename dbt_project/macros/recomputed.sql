{# What a build computes anew is a table: `int_scope` lists definitions and users, and from which
   instant on what a user did may count in another way for a definition. A fact that hangs on
   definitions is made of what is listed, and what it held of that goes. Its config says how:
       incremental_strategy='replace_recomputed', unique_key=['funnel_id', 'user_id'],
       meta={'recomputed': {'by': 'funnel', 'from': 'entered_at'}}
   `by` is a reading of the table (below), `unique_key` its keys, `from` the model's own column that
   is compared with the instant (none: all rows of those keys are replaced), `asks` (a list) other
   kinds of definitions that it is made by. The model, and the ephemeral models that it is made of,
   read what that reading needs:
       from {{ ref('fct_events') }} as events
       {{ join_recomputed('user', 'events', 'occurred_at') }}
   `of` names the relation that has the id of the definition, where that is another one. A rebuild
   computes everything, and joins nothing. #}
{% macro join_recomputed(by, relation, instant, of=none) -%}
    {#- Before the condition, because dbt reads what a model refers to without asking it. -#}
    {%- set part = recomputed(by) -%}
    {%- if not flags.FULL_REFRESH -%}
    {#- No more than this: the least instant of all, asked in the condition, is a join of its own, before
        which all events met all definitions, 8 times the work. #}
    inner join ({{ part }}) as recomputed
        on {% for key in recomputed_keys(by) -%}
        {{ relation if key == 'user_id' else of or relation }}.{{ key }} = recomputed.{{ key }}
        and {% endfor -%}
        {{ relation }}.{{ instant }} >= recomputed.from_at
    {%- endif -%}
{%- endmacro %}

{# What stays of a model's own rows (`this`), of those users. #}
{% macro join_kept(by, relation, instant) -%}
    inner join ({{ recomputed(by) }}) as recomputed
        on {% for key in recomputed_keys(by) -%}
        {{ relation }}.{{ key }} = recomputed.{{ key }}
        and {% endfor -%}
        {{ relation }}.{{ instant }} < recomputed.from_at
{%- endmacro %}

{# The same without an instant, where all of a user's past is asked. `scope` as in `recomputed`. #}
{% macro is_recomputed(by, relation, scope=none) -%}
    {%- set part = recomputed(by, scope) -%}
    {%- set keys = recomputed_keys(by) -%}
    {%- if flags.FULL_REFRESH -%}
        1 = 1
    {%- else -%}
        ({{ relation }}.{{ keys | join(', ' ~ relation ~ '.') }}) in (
            select {{ 'recomputed.' ~ keys | join(', recomputed.') }}
            from ({{ part }}) as recomputed
        )
    {%- endif -%}
{%- endmacro %}

{# Is anything of a definition computed? What asks events by names or conditions asks for those
   alone, before it looks at whose they are. #}
{% macro is_of_scope(relation) -%}
    {%- set scope = ref('int_scope') -%}
    {%- if flags.FULL_REFRESH -%}
        1 = 1
    {%- else -%}
        ({{ relation }}.definition, {{ relation }}.definition_id) in (
            select distinct
                scope.definition,
                scope.definition_id
            from {{ scope }} as scope
        )
    {%- endif -%}
{%- endmacro %}

{# How `int_scope` is read: the definitions, what their id is called, and the instant.
   - `definition`: whatever a user did from `from_at` on, for any kind of definition; `member`, `item`,
     `measure`, `survival` and `feature` of one. `activity`, `stickiness` and `kpi`: the same by days. `order`: for none.
   - `funnel`, `retention` and `path`: from `reached_from_at` on, for what sees it from before.
   - `cohort`: from before the longest cohort period, for what has to see that as a whole. `return`:
     from the first period of such a member on.
   - `touch`: from the start of the session on. `conversion`: from the first that sees something new.
     `toucher`, `converter` and `adopter`: all that the same users ever did.
   - `user`, `funnel_user`, `retention_user`, `path_user` and `path_end`: the earliest of each user. #}
{% macro recomputed_reading(by) -%}
    {%- set day = local_date('from_at') -%}
    {{ return({
        'user': {'from': 'from_at', 'is_earliest': true},
        'order': {'definition': none, 'from': 'reached_from_at'},
        'definition': {'ids': ['definition', 'definition_id'], 'from': 'from_at'},
        'activity': {'definition': 'activity', 'ids': ['activity_id'], 'from': day},
        'stickiness': {'definition': 'stickiness', 'ids': ['stickiness_id'], 'from': day},
        'funnel': {'definition': 'funnel', 'ids': ['funnel_id'], 'from': 'reached_from_at'},
        'funnel_user': {'definition': 'funnel', 'from': 'reached_from_at', 'is_earliest': true},
        'member': {'definition': 'retention', 'ids': ['retention_id'], 'from': 'from_at'},
        'cohort': {
            'definition': 'retention',
            'ids': ['retention_id'],
            'from': add_seconds('from_at', -33 * 86400),
        },
        'retention': {'definition': 'retention', 'ids': ['retention_id'], 'from': 'reached_from_at'},
        'return': {
            'definition': 'retention',
            'ids': ['retention_id'],
            'from': add_seconds('reached_from_at', -33 * 86400),
        },
        'retention_user': {'definition': 'retention', 'from': 'from_at', 'is_earliest': true},
        'item': {'definition': 'path', 'ids': ['path_id'], 'from': 'from_at'},
        'path': {'definition': 'path', 'ids': ['path_id'], 'from': 'reached_from_at'},
        'path_user': {'definition': 'path', 'from': 'from_at', 'is_earliest': true},
        'touch': {'definition': 'channel', 'from': 'reached_from_at'},
        'toucher': {'definition': 'channel', 'from': beginning()},
        'conversion': {
            'definition': 'conversion', 'ids': ['conversion_id'], 'from': 'reached_from_at',
        },
        'path_end': {
            'definition': 'conversion', 'from': 'reached_from_at', 'is_earliest': true,
        },
        'converter': {'definition': 'conversion', 'ids': ['conversion_id'], 'from': beginning()},
        'measure': {'definition': 'measure', 'ids': ['measure_id'], 'from': 'from_at'},
        'survival': {'definition': 'survival', 'ids': ['survival_id'], 'from': 'from_at'},
        'feature': {'definition': 'feature', 'ids': ['feature_id'], 'from': 'from_at'},
        'kpi': {'definition': 'kpi', 'ids': ['kpi_id'], 'from': day},
        'adopter': {'definition': 'feature', 'ids': ['feature_id'], 'from': beginning()},
    }[by]) }}
{%- endmacro %}

{% macro recomputed_keys(by) -%}
    {{ return(recomputed_reading(by).get('ids', []) + ['user_id']) }}
{%- endmacro %}

{# One row per definition and user, or per user. `scope` is `int_scope` for who may not refer to it. #}
{% macro recomputed(by, scope=none) -%}
    {%- set reading = recomputed_reading(by) -%}
    {%- set ids = reading.get('ids', []) -%}
    select
        {% for id in ids -%}
        {{ 'definition_id as ' ~ id if ids | length == 1 else id }},
        {% endfor -%}
        user_id,
        {{ 'min(' ~ reading['from'] ~ ')' if reading.get('is_earliest') else reading['from'] }} as from_at
    from {{ scope or ref('int_scope') }}
    {%- if 'definition' in reading %}
    where definition {{ "= '" ~ reading['definition'] ~ "'" if reading['definition'] else 'is null' }}
    {%- elif ids %}
    where definition is not null
    {%- endif %}
    {%- if reading.get('is_earliest') %}
    group by user_id
    {%- endif %}
{%- endmacro %}

{# Before all that is staged. #}
{% macro beginning() -%}
    cast('1900-01-01' as timestamp)
{%- endmacro %}

{# Seconds that no period of a granularity exceeds: an hour more than a day, a week or 31 days have,
   for the day on which clocks go back. #}
{% macro longest_period_seconds(granularity) -%}
    case {{ granularity }}
        when 'hour' then 3600
        when 'day' then 90000
        when 'week' then 608400
        else 2682000
    end
{%- endmacro %}

{% macro get_incremental_replace_recomputed_sql(arguments) -%}
    {%- set target = arguments['target_relation'] -%}
    {%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
    {%- set part = config.get('meta')['recomputed'] -%}
    {{ delete_touched(
        target, recomputed_keys(part['by']), '(' ~ recomputed(part['by']) ~ ')',
        {part['from']: 'from_at'} if part['from'] else {}
    ) }}
    {%- if part['from'] %}
    {#- What has no instant counts over all of them. By itself, because a comparison that lets nulls
        through takes 15 times as long as a plain one. #}
    delete from {{ target }}
    where {{ part['from'] }} is null and {{ is_recomputed(part['by'], target) }};
    {%- endif %}

    insert into {{ target }} ({{ columns }})
    select {{ columns }}
    from {{ arguments['temp_relation'] }}
{%- endmacro %}
