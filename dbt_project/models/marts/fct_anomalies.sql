{{ config(**get_hourly_incremental_config()) }}
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
    {% if is_incremental() %}and log_hour >= {{ get_incremental_start() }}{% endif %}
{{ union_rows_of_other_models() }}
