-- Behind fct_user_lifecycle_spans: the next build computes anew who stands on other grounds by then.
-- depends_on: {{ ref('fct_user_lifecycle_spans') }}
with

grounds as (

    select * from {{ ref('step_lifecycle_grounds') }}

)

select * from grounds
