{{ config(materialized='view') }}
{{ typed_events(ref('stg_events__united')) }}
