{{ config(materialized='view') }}
{{ typed_events('(' ~ united_events() ~ ')') }}
