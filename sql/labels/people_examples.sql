-- Messages that people have judged, as examples for a language model: of each label a few, those
-- that overrule a language model first. Their order depends on the texts alone.
SELECT
    CASE WHEN labels.is_anomaly THEN 'anomalous' ELSE 'normal' END AS label,
    logs.body AS message,
    max(logs.service_name) AS service,
    max(labels.evidence) AS reason
FROM fame.labels AS labels
INNER JOIN fame.logs AS logs ON labels.log_id = logs.log_id
LEFT JOIN (
    SELECT DISTINCT event_id, is_anomaly FROM fame.labels WHERE source = 'llm'
) AS overruled
    ON labels.event_id = overruled.event_id AND labels.is_anomaly <> overruled.is_anomaly
WHERE labels.source = 'human' AND logs.body <> ''
GROUP BY labels.is_anomaly, logs.body
QUALIFY
    row_number() OVER (
        PARTITION BY labels.is_anomaly
        ORDER BY count(overruled.event_id) > 0 DESC, md5(logs.body)
    ) <= $at_most
ORDER BY labels.is_anomaly, md5(logs.body);
