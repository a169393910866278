INSERT INTO fame.labels
SELECT
    chosen.log_id,
    chosen.event_id,
    chosen.template_id,
    NOT list_contains($normal, lower(logs.label)) AS is_anomaly,
    CASE WHEN NOT list_contains($normal, lower(logs.label)) THEN logs.label END,
    'dataset' AS source,
    NULL AS author,
    NULL AS evidence,
    $labelled_at AS labelled_at
FROM chosen_lines AS chosen
INNER JOIN fame.logs AS logs ON chosen.log_id = logs.log_id;
