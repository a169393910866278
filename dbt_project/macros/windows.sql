{#- Where an incremental run begins: the full hour that lies fame_lookback_hours before the newest
    row this model has. Looked up first, so that the bound is a literal and DuckDB skips what lies
    before it. A row from the future must not stop the run from seeing the present. -#}
{% macro first_hour(column='log_hour', versioned=true) %}
{%- set found = none -%}
{%- if execute -%}
  {%- set found = run_query(
      "select date_trunc('hour', max(" ~ column ~ ") - interval (" ~ var('fame_lookback_hours')
      ~ ") hour) from " ~ this ~ " where " ~ column ~ " <= current_timestamp at time zone 'UTC'"
      ~ (" and model_version = fame_model_version()" if versioned else "")
  ).columns[0].values()[0] -%}
{%- endif -%}
timestamp '{{ found or "0001-01-01 00:00:00" }}'
{%- endmacro %}

{#- Minutes of a window; a window must not cross the hour, for runs rewrite whole hours. -#}
{% macro window_minutes() %}
{%- set minutes = var('fame_window_minutes') | int -%}
{%- if minutes not in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60) -%}
  {{ exceptions.raise_compiler_error(
      "fame_window_minutes is " ~ minutes ~ " and must divide an hour: give 1, 2, 3, 4, 5, 6, 10, "
      ~ "12, 15, 20, 30 or 60"
  ) }}
{%- endif -%}
{{ return(minutes) }}
{% endmacro %}
