{#- Written by 'make generate' from fame_sql/verdict: the columns of a verdict except
    model_version; with every_line, only those that dbt repeats on every log line. -#}
{% macro verdict_columns(relation, every_line=false) %}
{%- set of_event = ['template'] -%}
{%- set columns = [
    'score',
    'is_anomaly',
    'domain',
    'domain_confidence',
    'novelty',
    'template_id',
    'template',
    'known_template',
    'threshold',
    'answer'
] | reject('in', of_event if every_line else []) -%}
{%- for name in columns %}
    {{ relation }}.{{ name }} as {{ name }}{{ "," if not loop.last }}
{%- endfor -%}
{% endmacro %}
