-- A window in which a line of a severity is the one too many of its service within as many minutes,
-- which may have begun in the window before.
INSERT INTO fame.window_alarms BY NAME
WITH
errors AS (
    SELECT
        coalesce(timestamp, observed_timestamp) AS log_time,
        coalesce(service_name, '') AS service_name
    FROM fame.logs
    WHERE severity_number >= $severity
),

counted AS (
    SELECT
        *,
        count(*) OVER (
            PARTITION BY service_name ORDER BY log_time
            RANGE BETWEEN to_minutes($minutes) PRECEDING AND CURRENT ROW
        ) AS within
    FROM errors
),

alarms AS (
    SELECT DISTINCT
        time_bucket(to_minutes($minutes), log_time) AS window_start,
        service_name
    FROM counted
    WHERE within > $most
)

SELECT
    $detector AS detector,
    $minutes AS minutes,
    windows.window_start,
    windows.service_name,
    alarms.service_name IS NOT NULL AS is_alarm,
    FALSE AS suppressed,
    $detected_at AS detected_at
FROM service_windows AS windows
LEFT JOIN alarms
    ON
        windows.window_start = alarms.window_start
        AND windows.service_name = alarms.service_name
WHERE windows.is_judged;
