{# Doubts about a definition's text, those that only the events show, those about campaigns, targets,
   audiences, models of value and limits, and cells of feeds. The loop: all are told alike. #}
with

warnings as (

    {% for relation in [
        source('seeds', 'definition_warnings'), ref('fct_definition_warnings'),
        ref('fct_campaign_warnings'), ref('fct_kpi_warnings'), ref('step_audience_warnings'),
        ref('fct_value_warnings'), ref('step_page_warnings'), ref('fct_feed_warnings'),
    ] -%}
    select
        file,
        problem,
        problem_zh,
        mend,
        mend_zh,
        row_number
    from {{ relation }}
    {{ 'union' if not loop.last }}
    {% endfor %}

)

select * from warnings
