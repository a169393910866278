{#- How a table grows of which runs rewrite whole hours, of the model in force alone. -#}
{% macro whole_hours_of_the_model() %}
{{ return({
    'materialized': 'incremental',
    'incremental_strategy': 'delete+insert',
    'unique_key': 'log_hour',
    'incremental_predicates': ['model_version = fame_model_version()'],
    'on_schema_change': 'append_new_columns',
}) }}
{% endmacro %}

{#- With --full-refresh a table is built anew for the model in force. The rows of other models are
    taken over from the table as it is: their model may be gone, and with it what it said. -#}
{% macro rows_of_other_models() %}
{%- set columns = [] -%}
{%- if execute and flags.FULL_REFRESH -%}
  {%- set before = adapter.get_relation(this.database, this.schema, this.identifier) -%}
  {%- if before is not none and before.is_table -%}
    {%- for column in adapter.get_columns_in_relation(before) -%}
      {%- if column.name in model.columns -%}{%- do columns.append(column.name) -%}{%- endif -%}
    {%- endfor -%}
  {%- endif -%}
{%- endif -%}
{%- if 'model_version' in columns %}
union all by name
select {{ columns | join(', ') }} from {{ this }}
where model_version is distinct from fame_model_version()
{%- endif -%}
{%- endmacro %}
