{#- A relation of the warehouse with the wanted columns, typed; no rows where it is not there. -#}
{% macro optional_source(table, columns) %}
{%- set found = none -%}
{%- if execute -%}
  {%- set found = adapter.get_relation(target.database, var('fame_schema'), table) -%}
{%- endif -%}
{%- set present = [] -%}
{%- if found is not none -%}
  {%- for column in adapter.get_columns_in_relation(found) -%}
    {%- do present.append(column.name | lower) -%}
  {%- endfor -%}
{%- endif -%}
select
{%- for name, kind in columns.items() %}
    cast({{ name if name in present else 'null' }} as {{ kind }}) as {{ name }}{{ "," if not loop.last }}
{%- endfor %}
{% if found is not none %}from {{ found }}{% else %}where false{% endif %}
{%- endmacro %}

{#- Lines of the warehouse and of its partitions, where it has any. -#}
{% macro log_records() %}
{{ return(all_logs() or source('fame_logs', 'logs')) }}
{% endmacro %}

{#- The view over lines in the file and in partitions; none where another relation is asked for. -#}
{% macro all_logs() %}
{%- if execute and not var('fame_own_logs') and not var('fame_logs_table') -%}
  {{ return(adapter.get_relation(target.database, var('fame_schema'), 'all_logs')) }}
{%- endif -%}
{% endmacro %}

{#- The day of a line. That of a partition is its folder's name, by which DuckDB skips files, unless
    fame_columns says another time. -#}
{% macro log_day() %}
{%- set times = ['timestamp', 'observed_timestamp'] -%}
{%- set retimed = var('fame_columns') | select('in', times) | list -%}
{%- if all_logs() and not retimed -%}coalesce(logs.day, date '1970-01-01')
{%- else -%}
cast(coalesce(
        {%- for name in times %}{{ log_column(name, 'timestamp') }}, {% endfor -%}
        timestamp '1970-01-01'
    ) as date)
{%- endif -%}
{% endmacro %}

{#- The SQL expression of a log column: as fame_columns says, else its own name in a warehouse,
    else NULL. -#}
{% macro log_column(name, kind) %}
{%- set given = var('fame_columns') -%}
{%- if name in given -%}cast({{ given[name] }} as {{ kind }})
{%- elif var('fame_own_logs') -%}cast(null as {{ kind }})
{%- else -%}cast(logs.{{ name }} as {{ kind }})
{%- endif -%}
{% endmacro %}
