{#- Incidents that end after this may grow, or merge, by rows that an incremental run brings. -#}
{% macro reopened_after() %}
({{ first_hour('last_seen') }} - interval ({{ var('fame_incident_gap_minutes') }}) minute)
{%- endmacro %}

{#- The incremental strategy of fct_anomaly_windows: the incidents that were gathered anew replace
    those that were reopened. No key could do that, for incidents merge. -#}
{% macro get_incremental_incidents_sql(arg_dict) %}
{%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
delete from {{ arg_dict['target_relation'] }}
where model_version = fame_model_version() and last_seen >= {{ reopened_after() }};
insert into {{ arg_dict['target_relation'] }} ({{ columns }})
select {{ columns }} from {{ arg_dict['temp_relation'] }}
{% endmacro %}
