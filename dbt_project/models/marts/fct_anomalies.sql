{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='log_hour',
    incremental_predicates=['model_version = fame_model_version()'],
    on_schema_change='append_new_columns'
) }}
-- The anomalous records.
select
    log_id,
    model_version,
    log_time,
    log_hour,
    severity_text,
    service_name,
    host_name,
    body,
    event_hash,
    template_id,
    known_template,
    domain,
    domain_confidence,
    novelty,
    score
from {{ ref('fct_scored_logs') }}
where model_version = fame_model_version()
    and is_anomaly
    {% if is_incremental() %}and log_hour >= {{ first_hour() }}{% endif %}
{{ rows_of_other_models() }}
