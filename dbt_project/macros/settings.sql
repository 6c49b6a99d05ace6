{# A setting, `YUNYING_<name>`, where dbt runs. While it parses, a setting is its default: a build says
   all of them, a dbt by hand those alone that are set, and each would parse anew what the other had
   parsed, a hundred models. #}
{% macro setting(name, default='') -%}
    {{ return((env_var('YUNYING_' ~ name, '') if execute else '') or default) }}
{%- endmacro %}

{# What a model in Python is told: what its YAML says, as dbt has it, and on which day weeks start. #}
{% macro build_config_dict(model) %}
{{ dbt.build_config_dict(model) }}
meta_dict["week_start"] = "{{ setting('WEEK_START', 'monday') }}"
{% endmacro %}
