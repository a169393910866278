-- The lines of some of the windows that are judged, in order.
SELECT
    windows.window_start,
    windows.service_name,
    logs.log_id,
    logs.timestamp,
    logs.severity_text,
    logs.body
FROM (
    SELECT window_start, service_name
    FROM service_windows
    WHERE is_judged
    ORDER BY window_start, service_name
    LIMIT $at_most OFFSET $skipped
) AS windows
INNER JOIN fame.logs AS logs
    ON
        windows.service_name = coalesce(logs.service_name, '')
        AND coalesce(logs.timestamp, logs.observed_timestamp) >= windows.window_start
        AND coalesce(logs.timestamp, logs.observed_timestamp)
        < windows.window_start + to_minutes($minutes)
ORDER BY
    windows.window_start,
    windows.service_name,
    coalesce(logs.timestamp, logs.observed_timestamp),
    logs.log_id;
