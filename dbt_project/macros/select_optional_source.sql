{#- Select columns of a relation of the warehouse, cast to their types. A missing relation gives
    no rows, a missing column NULL. -#}
{% macro select_optional_source(table, columns) %}
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
