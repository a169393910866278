-- Every labelled line in time order, with the columns that splits and baselines need. content is a
-- digest of everything that a detector could learn from the line.
SELECT
    logs.log_id,
    logs.event_id,
    events.canonical,
    NOT list_contains($normal, lower(logs.label)) AS is_anomaly,
    CASE
        WHEN NOT list_contains($normal, lower(logs.label)) THEN logs.label
    END AS category,
    coalesce(logs.severity_number, 0) AS severity,
    hash(
        events.canonical,
        logs.body,
        logs.label,
        logs.severity_number,
        logs.severity_text,
        logs.service_name,
        logs.host_name,
        coalesce(logs.timestamp, logs.observed_timestamp)
    ) AS content
FROM fame.logs AS logs
INNER JOIN fame.events AS events ON logs.event_id = events.event_id
WHERE logs.label IS NOT NULL
ORDER BY coalesce(logs.timestamp, logs.observed_timestamp), logs.log_id;
