INSERT INTO fame.labels
SELECT
    logs.log_id,
    logs.event_id,
    events.template_id,
    $is_anomaly AS is_anomaly,
    NULL AS category,
    'human' AS source,
    $author AS author,
    NULL AS evidence,
    $labelled_at AS labelled_at
FROM fame.logs AS logs
INNER JOIN fame.events AS events ON logs.event_id = events.event_id
WHERE logs.log_id = $log_id;
