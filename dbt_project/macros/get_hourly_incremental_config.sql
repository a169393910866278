{#- The configuration of incremental tables whose runs rewrite whole hours, only for the model in
    force. -#}
{% macro get_hourly_incremental_config() %}
{{ return({
    'materialized': 'incremental',
    'incremental_strategy': 'delete+insert',
    'unique_key': 'log_hour',
    'incremental_predicates': ['model_version = fame_model_version()'],
    'on_schema_change': 'append_new_columns',
}) }}
{% endmacro %}
