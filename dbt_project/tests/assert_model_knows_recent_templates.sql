-- The model is not stale: few lines of the last hours have a template that it does not know.
{{ config(severity='warn') }}
select
    sum(lines) filter (where template_id is null) as unknown_lines,
    sum(lines) as recent_lines,
    'run fame compile' as advice
from {{ ref('agg_template_hourly') }}
where model_version = fame_model_version()
    and log_hour >= (select max(log_hour) from {{ ref('agg_template_hourly') }})
    - interval ({{ var('fame_drift_hours') - 1 }}) hour
having sum(lines) filter (where template_id is null)
    > {{ var('fame_stale_share') }} * sum(lines)
