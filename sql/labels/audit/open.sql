-- The lines of the newest sample that no person has judged, without what the model said of them.
SELECT
    audits.log_id,
    audits.ordinal,
    logs.timestamp,
    logs.host_name,
    logs.service_name,
    logs.severity_text,
    logs.body,
    count(*) OVER () AS remaining
FROM fame.audits AS audits
INNER JOIN fame.logs AS logs ON audits.log_id = logs.log_id
WHERE
    audits.audit = (SELECT max(audit) FROM fame.audits)
    AND NOT EXISTS (
        SELECT 1
        FROM fame.labels
        WHERE labels.source = 'human' AND (
            labels.log_id = audits.log_id
            OR (labels.log_id IS NULL AND labels.event_id = audits.event_id)
        )
    )
ORDER BY audits.ordinal;
