{{ config(materialized='view') }}
{{ united_events() }}
