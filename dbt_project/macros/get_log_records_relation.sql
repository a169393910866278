{#- The relation of the log lines, with those in partitions if the warehouse has any. -#}
{% macro get_log_records_relation() %}
{{ return(get_all_logs_view() or source('fame_logs', 'logs')) }}
{% endmacro %}
