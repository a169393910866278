-- The lines that a person reads per day and way of alerting: whole windows, single lines, or one
-- line of each anomalous event in a window.
with windows as (
    select
        date_trunc('day', windows.window_start)::date as day,
        windows.*,
        baseline.baseline_alert
    from {{ ref('agg_service_windows') }} as windows
    inner join {{ ref('fct_baseline_windows') }} as baseline
        on windows.window_start = baseline.window_start
        and windows.service_name = baseline.service_name
    where windows.model_version = fame_model_version()
),
read as (
    select
        day,
        'baseline windows' as alerts_by,
        count(*) filter (where baseline_alert) as alerts,
        coalesce(sum(lines) filter (where baseline_alert), 0)::bigint as lines_to_read
    from windows group by day
    union all
    select
        day,
        'windows',
        count(*) filter (where anomalous_lines > 0),
        coalesce(sum(lines) filter (where anomalous_lines > 0), 0)::bigint
    from windows group by day
    union all
    select day, 'lines', sum(anomalous_lines)::bigint, sum(anomalous_lines)::bigint
    from windows group by day
    union all
    select day, 'events', sum(anomalous_events)::bigint, sum(anomalous_events)::bigint
    from windows group by day
)
select
    day,
    alerts_by,
    alerts,
    lines_to_read,
    lines_to_read * {{ var('fame_seconds_per_line') }} / 3600.0::double as engineer_hours
from read
