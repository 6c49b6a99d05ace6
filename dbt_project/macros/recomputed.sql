{# Facts that hang on definitions are computed by user: anew for everybody when a definition is
   another one (the build drops their tables then), else for the users in
   `int_users_recomputed`, and of these from the instant on at which something can be another: what
   lies before it stays. The config of such a model names that part:
       incremental_strategy='replace_recomputed', unique_key=['user_id'],
       meta={'recomputed': {'by': 'user', 'from': 'occurred_at'}}
   `by` is a part of `recomputed`, `unique_key` its keys, `from` the model's own column that is
   compared with the instant. The model, and the ephemeral models that it is made of, read what
   that part needs:
       from {{ ref('fct_events') }} as events
       {{ join_recomputed('user', 'events', 'occurred_at') }} #}
{% macro join_recomputed(by, relation, instant) -%}
    {#- Before the condition, because dbt reads what a model refers to without asking it. -#}
    {%- set part = recomputed(by) -%}
    {%- if not recomputes_everybody() -%}
    inner join ({{ part }}) as recomputed
        on {% for key in recomputed_keys(by) -%}
        {{ relation }}.{{ key }} = recomputed.{{ key }}
        and {% endfor -%}
        {{ relation }}.{{ instant }} >= recomputed.from_at
        and {{ relation }}.{{ instant }} >= {{ recomputed_from(by) }}
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

{# The same for one user at a time and without an instant, where all of their past is asked. #}
{% macro is_recomputed(user_id) -%}
    {%- set users = ref('int_users_recomputed') -%}
    {%- if recomputes_everybody() -%}
        1 = 1
    {%- else -%}
        {{ user_id }} in (select recomputed.user_id from {{ users }} as recomputed)
    {%- endif -%}
{%- endmacro %}

{% macro recomputed_keys(by) -%}
    {{ return({
        'funnel': ['funnel_id', 'user_id'],
        'funnel_period': ['funnel_id', 'user_id'],
        'retention': ['retention_id', 'user_id'],
        'return': ['retention_id', 'user_id'],
        'path': ['path_id', 'user_id'],
    }.get(by, ['user_id'])) }}
{%- endmacro %}

{# Whose facts are computed anew, and from when on (`from_at`).
   - `user`: the first instant that was touched. `day`: its day. `order`: the same, or when the first
     order was placed that this changes.
   - `cohort`: the same less the longest cohort period, for what has to see that as a whole.
   - `funnel`: an attempt sees as much after it as the window is long. Where attempts close others,
     or a value is that of the user's first or last event, all of the past decides. `funnel_user`:
     the earliest of them.
   - `funnel_period`: from the first week of the month on in which such an attempt opens.
   - `retention`: a member sees as many periods as the curve has. `return`: from the first period of
     such a member on.
   - `path`: a session, whose end is a part of each of its items. Paths through a user's whole
     life, or with sessions of their own, are computed whole. #}
{% macro recomputed(by) -%}
    {%- set users -%}
    select
        user_id,
        min(touched_from_at) as touched_from_at,
        min(counted_from_at) as counted_from_at,
        min(recompute_from_at) as recompute_from_at
    from {{ ref('int_users_recomputed') }}
    group by user_id
    {%- endset -%}
    {%- if by in ('user', 'order', 'day', 'cohort') -%}
    select
        users.user_id,
        {% if by == 'day' -%}
        {{ local_date('users.touched_from_at') }} as from_at
        {%- elif by == 'order' -%}
        users.counted_from_at as from_at
        {%- elif by == 'cohort' -%}
        {{ add_seconds('users.touched_from_at', -33 * 86400) }} as from_at
        {%- else -%}
        users.touched_from_at as from_at
        {%- endif %}
    from ({{ users }}) as users
    {%- elif by == 'funnel' -%}
    select
        funnels.funnel_id,
        users.user_id,
        case
            when
                funnels.count_by = 'users'
                and (
                    funnels.breakdown is null
                    or funnels.breakdown_attribution not in ('first', 'last')
                    or funnels.breakdown not like '%event:%'
                )
                and funnels.window_seconds < 10 * 366 * 86400
                then {{ add_seconds('users.touched_from_at', '-funnels.window_seconds') }}
            else {{ beginning() }}
        end as from_at
    from ({{ users }}) as users
    cross join {{ ref('dim_funnels') }} as funnels
    {%- elif by == 'funnel_user' -%}
    select
        funnels.user_id,
        min(funnels.from_at) as from_at
    from ({{ recomputed('funnel') }}) as funnels
    group by funnels.user_id
    {%- elif by == 'funnel_period' -%}
    select
        funnels.funnel_id,
        funnels.user_id,
        {{ week_start(month_start(local_date('funnels.from_at'))) }} as from_at
    from ({{ recomputed('funnel') }}) as funnels
    {%- elif by == 'return' -%}
    select
        members.retention_id,
        members.user_id,
        {{ add_seconds('members.from_at', -33 * 86400) }} as from_at
    from ({{ recomputed('retention') }}) as members
    {%- elif by == 'retention' -%}
    select
        retentions.retention_id,
        users.user_id,
        {{ add_seconds(
            'users.touched_from_at', '-(retentions.last_period + 2) * retentions.period_seconds'
        ) }} as from_at
    from ({{ users }}) as users
    cross join (
        select
            retentions.retention_id,
            max(cells.last_period) as last_period,
            max({{ longest_period_seconds('retentions.granularity') }}) as period_seconds
        from {{ ref('dim_retentions') }} as retentions
        inner join {{ ref('dim_retention_cells') }} as cells
            on retentions.retention_id = cells.retention_id
        group by retentions.retention_id
    ) as retentions
    {%- elif by == 'path' -%}
    select
        paths.path_id,
        users.user_id,
        case
            when paths.scope = 'user' or paths.session_gap_seconds is not null
                then {{ beginning() }}
            else users.recompute_from_at
        end as from_at
    from ({{ users }}) as users
    cross join {{ ref('dim_paths') }} as paths
    {%- endif -%}
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

{# The earliest `from_at`, as a literal: what a scan can skip by. #}
{% macro recomputed_from(by) -%}
    {%- if not execute -%}
        {{ return(beginning()) }}
    {%- endif -%}
    {%- set query -%}
    select min(recomputed.from_at) as from_at from ({{ recomputed(by) }}) as recomputed
    {%- endset -%}
    {%- set first = run_query(query).columns[0].values()[0] -%}
    {%- set type = 'date' if by in ('day', 'funnel_period') else 'timestamp' -%}
    {{ return("cast('" ~ first ~ "' as " ~ type ~ ")" if first else beginning()) }}
{%- endmacro %}

{# Whether one of those tables that this run makes is not there: then none of them is, or those
   that are have been made by it. #}
{% macro recomputes_everybody() -%}
    {%- if not execute or flags.FULL_REFRESH -%}
        {{ return(true) }}
    {%- endif -%}
    {%- for unique_id in selected_resources if unique_id.startswith('model.') -%}
        {%- set node = graph.nodes[unique_id] -%}
        {%- if node.config.get('incremental_strategy') == 'replace_recomputed'
            and adapter.get_relation(this.database, node.schema, node.alias) is none -%}
            {{ return(true) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(false) }}
{%- endmacro %}

{% macro get_incremental_replace_recomputed_sql(arguments) -%}
    {%- if recomputes_everybody() -%}
        {{ exceptions.raise_compiler_error(
            'Some tables that are computed by user are missing: run `make build`, or dbt with --full-refresh.'
        ) }}
    {%- endif -%}
    {%- set target = arguments['target_relation'] -%}
    {%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
    {%- set part = config.get('meta')['recomputed'] -%}
    {{ delete_touched(
        target, recomputed_keys(part['by']), '(' ~ recomputed(part['by']) ~ ')', {part['from']: 'from_at'}
    ) }}
    {#- What has no instant counts over all of them. By itself, because a comparison that lets nulls
        through takes 15 times as long as a plain one. #}
    delete from {{ target }}
    where
        {{ part['from'] }} is null
        and user_id in (select recomputed.user_id from {{ ref('int_users_recomputed') }} as recomputed);

    insert into {{ target }} ({{ columns }})
    select {{ columns }}
    from {{ arguments['temp_relation'] }}
{%- endmacro %}
