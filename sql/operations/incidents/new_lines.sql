-- Anomalous lines that no update has read: those after the last one read, and earlier ones whose
-- event had no verdict then.
CREATE OR REPLACE TEMP TABLE new_anomalies AS
WITH chosen AS (
    SELECT anomalies.*
    FROM $anomalies AS anomalies
    WHERE anomalies.log_id > $after AND anomalies.log_id <= $until
    UNION ALL
    SELECT anomalies.*
    FROM $anomalies AS anomalies
    INNER JOIN fame.incident_waiting AS waiting ON anomalies.event_id = waiting.event_id
    WHERE anomalies.log_id >= $waiting_from
        AND anomalies.log_id <= $after
        AND anomalies.log_id >= waiting.first_log_id
)
SELECT
    coalesce(chosen.service_name, '') AS service_name,
    coalesce(chosen.timestamp, chosen.observed_timestamp) AS log_time,
    chosen.log_id,
    chosen.event_id,
    coalesce(chosen.template_id, noticed.template_id, 'event-' || chosen.event_id) AS template_id,
    chosen.domain,
    chosen.severity_number,
    chosen.score
FROM chosen
LEFT JOIN fame.provisional_events AS noticed ON chosen.event_id = noticed.event_id;
