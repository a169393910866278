-- The chosen lines without a label by a person, with their labels from other sources. Lines of
-- which a language model could not tell come first, then those with conflicting labels, then those
-- labelled anomalous.
SELECT
    chosen.log_id,
    templates.template,
    logs.timestamp,
    logs.service_name,
    logs.severity_text,
    logs.body,
    said.label,
    said.source,
    coalesce(doubts.reason, said.evidence) AS evidence,
    count(*) OVER () AS remaining
FROM chosen_lines AS chosen
INNER JOIN fame.logs AS logs ON chosen.log_id = logs.log_id
INNER JOIN fame.templates AS templates ON chosen.template_id = templates.template_id
LEFT JOIN (
    SELECT
        log_id,
        CASE
            WHEN bool_and(is_anomaly) THEN 'anomalous'
            WHEN bool_or(is_anomaly) THEN 'anomalous and normal'
            ELSE 'normal'
        END AS label,
        string_agg(DISTINCT source, ' and ' ORDER BY source) AS source,
        max(evidence) AS evidence,
        count(DISTINCT is_anomaly) AS labels,
        bool_or(is_anomaly) AS is_anomaly
    FROM fame.labels
    WHERE source <> 'human'
    GROUP BY log_id
) AS said ON chosen.log_id = said.log_id
LEFT JOIN (SELECT log_id, max(reason) AS reason FROM fame.doubts GROUP BY log_id) AS doubts
    ON chosen.log_id = doubts.log_id
WHERE NOT EXISTS (
    SELECT 1
    FROM fame.labels
    WHERE labels.source = 'human' AND (
        labels.log_id = chosen.log_id
        OR (labels.log_id IS NULL AND labels.event_id = chosen.event_id)
    )
)
ORDER BY
    doubts.log_id IS NOT NULL DESC,
    coalesce(said.labels, 0) DESC,
    coalesce(said.is_anomaly, FALSE) DESC,
    templates.match_order,
    chosen.nth
LIMIT 1;
