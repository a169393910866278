-- Each detector on the same windows: alarms, those that were suppressed, lines to review, what it
-- has cost, and where the log has labels how many alarms are false and how many windows are missed.
WITH
detectors AS (
    SELECT
        detector,
        window_start,
        service_name,
        is_alarm,
        suppressed OR coalesce(route = 'log', FALSE) AS is_quiet,
        cost_usd
    FROM fame.window_alarms
    WHERE minutes = $minutes
    UNION ALL
    SELECT
        'FAME' AS detector,
        window_start,
        service_name,
        anomalous_lines > 0 AS is_alarm,
        FALSE AS is_quiet,
        NULL AS cost_usd
    FROM service_windows
    WHERE is_judged AND EXISTS (SELECT 1 FROM fame.champion)
)

SELECT
    detectors.detector,
    count(*) AS windows,
    count(*) FILTER (WHERE is_alarm) AS alarms,
    count(*) FILTER (WHERE is_alarm AND is_quiet) AS suppressed,
    coalesce(sum(
        CASE
            WHEN NOT is_alarm OR is_quiet THEN 0
            WHEN detectors.detector = 'FAME' THEN windows.anomalous_events
            ELSE windows.lines
        END
    ), 0)::BIGINT AS lines_to_review,
    CASE
        WHEN bool_or(windows.labelled_lines > 0)
            THEN count(*) FILTER (WHERE is_alarm AND windows.labelled_anomalous = 0)
    END AS false_windows,
    CASE
        WHEN bool_or(windows.labelled_lines > 0)
            THEN count(*) FILTER (WHERE NOT is_alarm AND windows.labelled_anomalous > 0)
    END AS missed_windows,
    CASE
        WHEN detectors.detector = 'FAME'
            THEN (
                SELECT coalesce(sum(cost_usd), 0) FROM fame.llm_calls
                WHERE stage IN ('label', 'partition', 'merge', 'place', 'queue')
            )
        ELSE coalesce(sum(detectors.cost_usd), 0)
    END AS dollars
FROM detectors
INNER JOIN service_windows AS windows
    ON
        detectors.window_start = windows.window_start
        AND detectors.service_name = windows.service_name
WHERE windows.is_judged
GROUP BY detectors.detector
ORDER BY detectors.detector = 'FAME', detectors.detector;
