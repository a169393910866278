{#- The events with the answer about their template, which is NULL without one, and in a database
    without the warehouse's answers. -#}
{% macro select_events_with_answers(events) %}
{%- set answers = none -%}
{%- if execute -%}
  {%- set answers = adapter.get_relation(target.database, var('fame_schema'), 'answers_in_force') -%}
{%- endif -%}
{%- if answers is none -%}
select events.event_hash, events.example, cast(null as varchar) as answer
from {{ events }} as events
{%- else -%}
select events.event_hash, events.example, answers.label as answer
from {{ events }} as events
left join {{ answers }} as answers
    on answers.template_id = {{ var('fame_schema') }}.provisional_id(events.canonical)
{%- endif -%}
{% endmacro %}
