-- Count anomalies that late lines have taken back: lines came for their window, and it is not
-- significant any more. An incident of which nothing is left has no lines and no counts.
CREATE OR REPLACE TEMP TABLE withdrawn_counts AS
WITH late AS (
    SELECT DISTINCT
        coalesce(service_name, '') AS service_name,
        date_trunc('minute', coalesce(timestamp, observed_timestamp)) AS minute
    FROM $lines AS logs
    WHERE logs.log_id > $after AND logs.log_id <= $until
),
reopened AS (
    SELECT DISTINCT stored.service_name, stored.template_id, stored.anomaly, stored.window_start
    FROM fame.incident_counts AS stored
    INNER JOIN late
        ON stored.service_name = late.service_name
        AND late.minute < stored.window_end
        AND late.minute + INTERVAL 1 MINUTE > stored.window_start
)
SELECT reopened.*
FROM reopened
ANTI JOIN main.count_anomalies AS counts
    ON reopened.service_name = coalesce(counts.service_name, '')
    AND reopened.template_id = coalesce(counts.template_id, '')
    AND reopened.anomaly = counts.kind
    AND reopened.window_start = counts.window_start;
