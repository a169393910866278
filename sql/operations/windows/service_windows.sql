-- Lines, errors, anomalies and labels of each service and window, as dbt's agg_service_windows
-- counts them; is_judged marks the windows that detectors are compared on.
CREATE OR REPLACE TEMP TABLE service_windows AS
WITH
judged AS (
    SELECT
        CASE WHEN $everything THEN NULL ELSE any_value(until_time) END AS until_time
    FROM fame.splits
)

SELECT
    time_bucket(to_minutes($minutes), coalesce(lines.timestamp, lines.observed_timestamp))
        AS window_start,
    coalesce(lines.service_name, '') AS service_name,
    count(*) AS lines,
    count(*) FILTER (WHERE lines.severity_number >= 17) AS error_lines,
    count(*) FILTER (WHERE lines.is_anomaly) AS anomalous_lines,
    count(DISTINCT lines.event_id) FILTER (WHERE lines.is_anomaly) AS anomalous_events,
    count(lines.label) AS labelled_lines,
    count(*) FILTER (WHERE lower(lines.label) NOT IN ('normal', '0', 'false', '-', ''))
        AS labelled_anomalous,
    coalesce(
        min(coalesce(lines.timestamp, lines.observed_timestamp)) > any_value(judged.until_time),
        TRUE
    ) AS is_judged
FROM fame.scored_logs AS lines
CROSS JOIN judged
GROUP BY window_start, coalesce(lines.service_name, '');
