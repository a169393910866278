{#- Whether an existing relation has a column; an older version of a model may lack it. -#}
{% macro has_column(relation, name) %}
{%- set names = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
{{ return(name in names) }}
{%- endmacro %}
