{#- Whether an existing relation has a column; an older version of a model may lack it. In a unit
    test the relation is the name of the rows that the test gives, which have no more columns. -#}
{% macro has_column(relation, name) %}
{%- if relation is string -%}{{ return(false) }}{%- endif -%}
{%- set names = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
{{ return(name in names) }}
{%- endmacro %}
