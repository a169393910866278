{#- The view of the lines in the file and in partitions; none if another relation is configured.
    -#}
{% macro get_all_logs_view() %}
{%- if execute and not var('fame_own_logs') and not var('fame_logs_table') -%}
  {{ return(adapter.get_relation(target.database, var('fame_schema'), 'all_logs')) }}
{%- endif -%}
{% endmacro %}
