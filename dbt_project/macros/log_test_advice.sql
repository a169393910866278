{#- Log the advice of tests that failed or warned, because dbt prints only the number of rows that
    a test found. -#}
{% macro log_test_advice(results) %}
{%- set statuses = ['fail', 'warn'] -%}
{%- for result in results if result.node.package_name == 'fame' and result.status in statuses -%}
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
