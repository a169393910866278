{#- The day of a log line. In partitions it is the name of a folder, by which DuckDB skips files,
    unless fame_columns defines another time. -#}
{% macro get_log_day() %}
{%- set times = ['timestamp', 'observed_timestamp'] -%}
{%- set retimed = var('fame_columns') | select('in', times) | list -%}
{%- if get_all_logs_view() and not retimed -%}coalesce(logs.day, date '1970-01-01')
{%- else -%}
cast(coalesce(
        {%- for name in times %}{{ get_log_column(name, 'timestamp') }}, {% endfor -%}
        timestamp '1970-01-01'
    ) as date)
{%- endif -%}
{% endmacro %}
