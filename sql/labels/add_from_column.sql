INSERT INTO fame.labels
SELECT
    chosen.log_id,
    chosen.event_id,
    chosen.template_id,
    lower(logs.label) NOT IN ('-', 'normal', '0', 'false', '') AS is_anomaly,
    CASE WHEN lower(logs.label) NOT IN ('-', 'normal', '0', 'false', '') THEN logs.label END,
    'dataset' AS source,
    NULL AS author,
    NULL AS evidence,
    $labelled_at AS labelled_at
FROM chosen_lines AS chosen
INNER JOIN fame.logs AS logs ON chosen.log_id = logs.log_id;
