{#- The incremental strategy of fct_anomaly_windows: incidents that were collected again replace the
    open ones. A unique key cannot do that, because incidents merge. -#}
{% macro get_incremental_incidents_sql(arg_dict) %}
{%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
delete from {{ arg_dict['target_relation'] }}
where model_version = fame_model_version() and last_seen >= {{ get_open_incidents_start() }};
insert into {{ arg_dict['target_relation'] }} ({{ columns }})
select {{ columns }} from {{ arg_dict['temp_relation'] }}
{% endmacro %}
