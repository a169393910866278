-- The labelled lines of templates with both kinds of labels, each with its domain: of each event,
-- those from the source with the highest priority. A label of a whole event has no values.
WITH ranked AS (
    SELECT
        labels.*,
        events.canonical,
        events.template_id AS template,
        CASE source WHEN 'human' THEN 1 WHEN 'dataset' THEN 2 WHEN 'llm' THEN 3 ELSE 4 END AS rank
    FROM fame.labels AS labels
    INNER JOIN fame.events AS events ON labels.event_id = events.event_id
    QUALIFY rank = min(rank) OVER (PARTITION BY labels.event_id)
),
mixed AS (
    SELECT template FROM ranked GROUP BY template HAVING bool_or(is_anomaly) <> bool_and(is_anomaly)
)
SELECT
    members.domain,
    ranked.template AS template_id,
    ranked.canonical,
    logs.body AS message,
    ranked.is_anomaly
FROM ranked
INNER JOIN fame.domain_templates AS members ON ranked.template = members.template_id
LEFT JOIN fame.logs AS logs ON ranked.log_id = logs.log_id
WHERE members.domain IN (
    SELECT domain FROM fame.domain_templates WHERE template_id IN (SELECT template FROM mixed)
)
ORDER BY members.domain, ranked.template, ranked.event_id, ranked.log_id, ranked.is_anomaly;
