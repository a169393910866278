-- A classical baseline for comparison: the z-score of a service's error rate in a window, against
-- earlier windows of the same service.
with rates as (
    select
        window_start,
        service_name,
        lines,
        error_lines,
        anomalous_lines,
        error_lines / lines as error_rate
    from {{ ref('agg_service_windows') }}
    where model_version = fame_model_version()
),
against as (
    select
        *,
        count(*) over earlier as earlier_windows,
        avg(error_rate) over earlier as mean_rate,
        stddev_samp(error_rate) over earlier as rate_deviation
    from rates
    window earlier as (
        partition by service_name order by window_start
        rows between {{ var('fame_baseline_windows') }} preceding and 1 preceding
    )
),
scored as (
    select *, (error_rate - mean_rate) / nullif(rate_deviation, 0) as z_score
    from against
)
select
    window_start,
    service_name,
    lines,
    error_lines,
    error_rate,
    earlier_windows,
    z_score,
    -- If the rate never varied, any higher rate is an alert.
    coalesce(z_score > {{ var('fame_baseline_z') }}, error_rate > mean_rate, false)
        as baseline_alert,
    anomalous_lines,
    anomalous_lines > 0 as fame_alert
from scored
