-- The z-score of a service's error rate in a window, against earlier windows of the same service,
-- as dbt's fct_baseline_windows has it.
INSERT INTO fame.window_alarms BY NAME
WITH
against AS (
    SELECT
        *,
        error_lines / lines AS error_rate,
        avg(error_lines / lines) OVER earlier AS mean_rate,
        stddev_samp(error_lines / lines) OVER earlier AS rate_deviation
    FROM service_windows
    WINDOW earlier AS (
        PARTITION BY service_name ORDER BY window_start
        ROWS BETWEEN 144 PRECEDING AND 1 PRECEDING
    )
)

SELECT
    $detector AS detector,
    $minutes AS minutes,
    window_start,
    service_name,
    -- If the rate never varied, any higher rate is an alarm.
    coalesce(
        (error_rate - mean_rate) / nullif(rate_deviation, 0) > $most,
        error_rate > mean_rate,
        FALSE
    ) AS is_alarm,
    FALSE AS suppressed,
    $detected_at AS detected_at
FROM against
WHERE is_judged;
