{{ config(**whole_hours_of_the_model()) }}
-- Lines an hour of each pattern: a template, or an event that no template knows.
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
    {% if is_incremental() %}and log_hour >= {{ first_hour() }}{% endif %}
group by model_version, log_hour, pattern_id, template_id, domain
{{ rows_of_other_models() }}
