{#- dbt tells how many rows a test found, not what they say: so this tells what they advise. -#}
{% macro tell_advice(results) %}
{%- set told = ['fail', 'warn'] -%}
{%- for result in results if result.node.package_name == 'fame' and result.status in told -%}
  {%- if ' as advice' in (result.node.compiled_code or '') -%}
    {%- set found = run_query(
        'select distinct advice from (' ~ result.node.compiled_code ~ '\n) as found limit 1'
    ) -%}
    {%- for advice in found.columns[0].values() -%}
      {%- do log(result.node.name ~ ': ' ~ advice, info=true) -%}
    {%- endfor -%}
  {%- endif -%}
{%- endfor -%}
{% endmacro %}
