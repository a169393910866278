{{ config(**get_hourly_incremental_config()) }}
-- Lines per hour of each pattern: a template, or an event that matches no template.
select
    model_version,
    log_hour,
    coalesce(template_id, event_hash) as pattern_id,
    template_id,
    domain,
    count(*) as lines,
    count(*) filter (where is_anomaly) as anomalous_lines,
    min(log_time) as first_seen,
    max(log_time) as last_seen
from {{ ref('fct_scored_logs') }}
where model_version = fame_model_version()
    and scoring_status = 'scored'
    {% if is_incremental() %}and log_hour >= {{ get_incremental_start() }}{% endif %}
group by model_version, log_hour, pattern_id, template_id, domain
{{ union_rows_of_other_models() }}
