-- Labels in force, and those of a language model that contradict the severity of their lines.
SELECT
    count(*) AS labels,
    coalesce(count(*) FILTER (WHERE labels.is_anomaly), 0) AS anomalous,
    count(*) FILTER (WHERE labels.source = 'llm') AS by_model,
    count(*) FILTER (
        WHERE labels.source = 'llm' AND NOT labels.is_anomaly AND logs.severity_number >= 17
    ) AS contradicting
FROM fame.labels AS labels
LEFT JOIN fame.logs AS logs ON labels.log_id = logs.log_id;
