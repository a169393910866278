-- The lines to label, for a spreadsheet: messages fit into a cell, and a leading quote prevents
-- formulas. The label column contains the labels that a person has given already.
SELECT
    chosen.log_id,
    chosen.template_id,
    logs.timestamp,
    logs.service_name,
    logs.severity_text,
    CASE WHEN regexp_matches(logs.body, '^[=+@\t\r-]') THEN '''' ELSE '' END
    || left(logs.body, 2000) AS message,
    coalesce(CASE WHEN judged.is_anomaly THEN 'anomalous' ELSE judged.normal END, '') AS label,
    coalesce(judged.evidence, '') AS evidence
FROM chosen_lines AS chosen
INNER JOIN fame.logs AS logs ON chosen.log_id = logs.log_id
INNER JOIN fame.templates AS templates ON chosen.template_id = templates.template_id
LEFT JOIN (
    SELECT
        log_id,
        bool_or(is_anomaly) AS is_anomaly,
        'normal' AS normal,
        max(evidence) AS evidence
    FROM fame.labels
    WHERE source = 'human' AND log_id IS NOT NULL
    GROUP BY log_id
) AS judged ON chosen.log_id = judged.log_id
ORDER BY templates.match_order, chosen.nth;
