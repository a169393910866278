{#- Written by 'make generate' from fame_sql/verdict: the columns of a verdict except
    model_version; with every_line, only those that dbt repeats on every log line. Where values
    decide within an event, those of the line's own message. -#}
{% macro verdict_columns(relation, every_line=false, message=none) %}
{%- set live = {'score': 'fame_score', 'is_anomaly': 'fame_is_anomaly'} if message else {} -%}
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
    {%- if name in live %}
    case
        when fame_has_value_head({{ relation }}.template_id)
            then {{ live[name] }}({{ message }})
        else {{ relation }}.{{ name }}
    end
    {%- else %}
    {{ relation }}.{{ name }}
    {%- endif %} as {{ name }}{{ "," if not loop.last }}
{%- endfor -%}
{% endmacro %}
