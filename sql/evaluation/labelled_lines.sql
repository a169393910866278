-- Every labelled line in time order, with what its split and its baselines need.
SELECT
    logs.log_id,
    logs.event_id,
    events.canonical,
    events.template_id,
    lower(logs.label) NOT IN ('-', 'normal', '0', 'false', '') AS is_anomaly,
    CASE
        WHEN lower(logs.label) NOT IN ('-', 'normal', '0', 'false', '') THEN logs.label
    END AS category,
    coalesce(logs.severity_number >= 21, FALSE) AS is_fatal
FROM fame.logs AS logs
INNER JOIN fame.events AS events ON logs.event_id = events.event_id
WHERE logs.label IS NOT NULL
ORDER BY coalesce(logs.timestamp, logs.observed_timestamp), logs.log_id;
