INSERT INTO fame.labels
SELECT
    chosen.log_id,
    chosen.event_id,
    chosen.template_id,
    logs.severity_number >= $severity AS is_anomaly,
    NULL AS category,
    'rule' AS source,
    NULL AS author,
    'severity ' || logs.severity_text || ' against ' || $severity_name AS evidence,
    $labelled_at AS labelled_at
FROM chosen_lines AS chosen
INNER JOIN fame.logs AS logs ON chosen.log_id = logs.log_id;
