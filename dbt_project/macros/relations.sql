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

{#- The SQL expression of a log column: as fame_columns says, else its own name in a warehouse,
    else NULL. -#}
{% macro log_column(name, kind) %}
{%- set given = var('fame_columns') -%}
{%- if name in given -%}cast({{ given[name] }} as {{ kind }})
{%- elif var('fame_own_logs') -%}cast(null as {{ kind }})
{%- else -%}cast(logs.{{ name }} as {{ kind }})
{%- endif -%}
{% endmacro %}
