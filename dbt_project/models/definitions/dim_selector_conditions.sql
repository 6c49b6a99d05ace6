with

filters as (

    select * from {{ source('seeds', 'filters') }}

),

selectors as (

    select
        definition,
        definition_id,
        side
    from {{ ref('dim_selectors') }}

    union all

    -- Of users, whatever they did.
    select
        'profile_tag' as definition,
        tag_id as definition_id,
        'tag' as side
    from {{ ref('dim_profile_tags') }}

    union all

    select
        'audience' as definition,
        audience_id as definition_id,
        'member' as side
    from {{ ref('dim_audiences') }}

),

-- A regular expression has bars of its own; the other operators take alternatives.
operands as (

    select
        filters.row_number,
        {{ alternative('operands.part') }} as operand
    from filters
    {{ explode(alternatives("coalesce(filters.value, '')"), 'operands', 'part') }}
    where filters.operator <> 'matches'

    union all

    select
        row_number,
        value as operand
    from filters
    where operator = 'matches'

),

-- An instant in another writing, with a zone perhaps, as properties that are instants have it:
-- as the reporting zone's clock shows it. A date is the beginning of such a text.
written as (

    select
        operands.row_number,
        coalesce(
            case
                when
                    filters.operator in ('is', 'is_not', 'gt', 'gte', 'lt', 'lte')
                    and length(operands.operand) > 10
                    and coalesce(filters.scope, 'event') || ':' || filters.property
                    in ('event:occurred_at', 'event:received_at', 'user:created_at')
                    then {{ local_text(bound_instant('operands.operand', false)) }}
            end,
            operands.operand
        ) as operand
    from operands
    inner join filters on operands.row_number = filters.row_number

),

conditions as (

    select
        selectors.definition,
        selectors.definition_id,
        selectors.side,
        filters.row_number as condition_number,
        -- Those of every side are a group of their own.
        coalesce(
            'any of ' || coalesce(filters.side, '') || ': ' || filters.any_of,
            'row ' || cast(filters.row_number as {{ dbt.type_string() }})
        ) as condition_group,
        filters.scope,
        filters.property,
        filters.operator,
        written.operand,
        {{ parse_number('written.operand', 'double') }} as operand_number
    from filters
    inner join selectors
        on filters.definition = selectors.definition
        and filters.definition_id = selectors.definition_id
        and (filters.side is null or filters.side = selectors.side)
    inner join written on filters.row_number = written.row_number

),

-- An operand is enough for a condition, a condition for its group; every group must hold.
sizes as (

    select
        definition,
        definition_id,
        side,
        count(distinct condition_group) as group_count
    from conditions
    group by definition, definition_id, side

)

select
    conditions.*,
    count(*) over (
        partition by
            conditions.definition, conditions.definition_id, conditions.side,
            conditions.condition_number
    ) as operand_count,
    sizes.group_count
from conditions
inner join sizes
    on conditions.definition = sizes.definition
    and conditions.definition_id = sizes.definition_id
    and conditions.side = sizes.side
