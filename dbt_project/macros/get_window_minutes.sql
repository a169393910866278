{#- The length of a window in minutes; a window must not cross the hour, because runs rewrite whole
    hours. -#}
{% macro get_window_minutes() %}
{%- set minutes = var('fame_window_minutes') | int -%}
{%- if minutes not in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60) -%}
  {{ exceptions.raise_compiler_error(
      "fame_window_minutes is " ~ minutes ~ " and must divide an hour: give 1, 2, 3, 4, 5, 6, 10, "
      ~ "12, 15, 20, 30 or 60"
  ) }}
{%- endif -%}
{{ return(minutes) }}
{% endmacro %}
