{{ config(**whole_hours_of_the_model()) }}
-- What each service wrote in each window of time: what both a person and a baseline look at.
select
    model_version,
    log_hour,
    time_bucket(interval ({{ window_minutes() }}) minute, log_time) as window_start,
    coalesce(service_name, '') as service_name,
    count(*) as lines,
    count(*) filter (where severity_number >= 17) as error_lines,
    count(*) filter (where is_anomaly) as anomalous_lines,
    count(distinct event_hash) filter (where is_anomaly) as anomalous_events
from {{ ref('fct_scored_logs') }}
where model_version = fame_model_version()
    {% if is_incremental() %}and log_hour >= {{ first_hour() }}{% endif %}
group by model_version, log_hour, window_start, coalesce(service_name, '')
{{ rows_of_other_models() }}
