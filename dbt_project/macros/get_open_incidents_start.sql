{#- The earliest end of an incident that can still grow, or merge with another, through the rows
    of this incremental run. -#}
{% macro get_open_incidents_start() %}
({{ get_incremental_start('last_seen') }} - interval ({{ var('fame_incident_gap_minutes') }}) minute)
{%- endmacro %}
