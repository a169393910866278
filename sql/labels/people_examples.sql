-- Messages that people have judged, as examples for a language model: of each label a few, those
-- that overrule a language model first. Their order depends on the texts alone. An answer about a
-- template is a judgement of each of its events, of which the first message is shown.
WITH
judged AS (
    SELECT
        labels.event_id,
        labels.is_anomaly,
        labels.evidence,
        coalesce(logs.body, events.example) AS message,
        logs.service_name
    FROM fame.labels AS labels
    INNER JOIN fame.events AS events ON labels.event_id = events.event_id
    LEFT JOIN fame.logs AS logs ON logs.log_id = coalesce(labels.log_id, events.first_log_id)
    WHERE labels.source = 'human'
)

SELECT
    CASE WHEN judged.is_anomaly THEN 'anomalous' ELSE 'normal' END AS label,
    judged.message,
    max(judged.service_name) AS service,
    max(judged.evidence) AS reason
FROM judged
LEFT JOIN (
    SELECT DISTINCT event_id, is_anomaly FROM fame.labels WHERE source = 'llm'
) AS overruled
    ON judged.event_id = overruled.event_id AND judged.is_anomaly <> overruled.is_anomaly
WHERE judged.message <> ''
GROUP BY judged.is_anomaly, judged.message
QUALIFY
    row_number() OVER (
        PARTITION BY judged.is_anomaly
        ORDER BY count(overruled.event_id) > 0 DESC, md5(judged.message)
    ) <= $at_most
ORDER BY judged.is_anomaly, md5(judged.message);
