{{ config(**get_hourly_incremental_config()) }}
-- Lines, errors and anomalies per service and window of time, for people and for the baseline.
select
    model_version,
    log_hour,
    time_bucket(interval ({{ get_window_minutes() }}) minute, log_time) as window_start,
    coalesce(service_name, '') as service_name,
    count(*) as lines,
    count(*) filter (where severity_number >= 17) as error_lines,
    count(*) filter (where is_anomaly) as anomalous_lines,
    count(distinct event_hash) filter (where is_anomaly) as anomalous_events
from {{ ref('fct_scored_logs') }}
where model_version = fame_model_version()
    {% if is_incremental() %}and log_hour >= {{ get_incremental_start() }}{% endif %}
group by model_version, log_hour, window_start, coalesce(service_name, '')
{{ union_rows_of_other_models() }}
