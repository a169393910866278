-- The facts about each template. Lines with the same message and the same label count once, since
-- an expert learns nothing more from the others.
WITH judged AS (
    SELECT
        kept.event_id,
        count(DISTINCT coalesce(logs.body, '')) FILTER (WHERE NOT labels.is_anomaly)
            AS normal_labels,
        count(DISTINCT coalesce(logs.body, '')) FILTER (WHERE labels.is_anomaly)
            AS anomalous_labels
    FROM fame.event_labels AS kept
    INNER JOIN fame.labels AS labels
        ON kept.event_id = labels.event_id AND kept.source = labels.source
    LEFT JOIN fame.logs AS logs ON labels.log_id = logs.log_id
    GROUP BY kept.event_id
)
SELECT
    templates.template_id,
    templates.template,
    templates.status,
    nullif(templates.service_name, '') AS service_name,
    templates.events,
    templates.lines,
    coalesce(sum(judged.normal_labels), 0)::BIGINT AS normal_labels,
    coalesce(sum(judged.anomalous_labels), 0)::BIGINT AS anomalous_labels,
    list(events.example ORDER BY events.first_log_id)[1:3] AS examples,
    coalesce(sum(judged.normal_labels) FILTER (WHERE late.event_id IS NOT NULL), 0)::BIGINT
        AS calibration_normal,
    coalesce(
        sum(judged.anomalous_labels) FILTER (WHERE late.event_id IS NOT NULL), 0
    )::BIGINT AS calibration_anomalous
FROM fame.templates AS templates
LEFT JOIN fame.events AS events ON templates.template_id = events.template_id
LEFT JOIN judged ON events.event_id = judged.event_id
LEFT JOIN (
    SELECT event_id
    FROM fame.log_periods
    WHERE period <> 'later'
    GROUP BY event_id
    HAVING NOT bool_or(period = 'training')
) AS late ON events.event_id = late.event_id
GROUP BY ALL
ORDER BY templates.template_id;
