{#- With --full-refresh a table is rebuilt for the model in force. The rows of other models are
    copied from the existing table, because those models may no longer exist. -#}
{% macro union_rows_of_other_models() %}
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
