{#- The start of an incremental run: the full hour that is fame_lookback_hours before the newest
    row of this model. It is looked up first, so that the bound is a literal and DuckDB skips
    older rows. Rows from the future are ignored, because with them the run would miss the
    present. -#}
{% macro get_incremental_start(column='log_hour', versioned=true) %}
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
