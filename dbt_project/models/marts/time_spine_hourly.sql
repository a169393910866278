-- One row per hour of the period of the log, for metrics over time.
select unnest(generate_series(min(log_hour), max(log_hour), interval 1 hour))::timestamp as hour
from {{ ref('agg_template_hourly') }}
