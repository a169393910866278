{#- The SQL expression of a log column: the one in fame_columns, else the column itself in a
    warehouse, else NULL. -#}
{% macro get_log_column(name, kind) %}
{%- set given = var('fame_columns') -%}
{%- if name in given -%}cast({{ given[name] }} as {{ kind }})
{%- elif var('fame_own_logs') -%}cast(null as {{ kind }})
{%- else -%}cast(logs.{{ name }} as {{ kind }})
{%- endif -%}
{% endmacro %}
