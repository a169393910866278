SELECT
    templates.template_id,
    templates.template,
    templates.status,
    nullif(templates.service_name, '') AS service_name,
    templates.events,
    templates.lines,
    coalesce(sum(event_labels.normal_labels), 0)::BIGINT AS normal_labels,
    coalesce(sum(event_labels.anomalous_labels), 0)::BIGINT AS anomalous_labels,
    list(events.example ORDER BY events.first_log_id)[1:3] AS examples,
    coalesce(sum(event_labels.normal_labels) FILTER (WHERE late.event_id IS NOT NULL), 0)::BIGINT
        AS calibration_normal,
    coalesce(
        sum(event_labels.anomalous_labels) FILTER (WHERE late.event_id IS NOT NULL), 0
    )::BIGINT AS calibration_anomalous
FROM fame.templates AS templates
LEFT JOIN fame.events AS events ON templates.template_id = events.template_id
LEFT JOIN fame.event_labels AS event_labels ON events.event_id = event_labels.event_id
LEFT JOIN (
    SELECT event_id
    FROM fame.log_periods
    WHERE period <> 'later'
    GROUP BY event_id
    HAVING NOT bool_or(period = 'training')
) AS late ON events.event_id = late.event_id
GROUP BY ALL
ORDER BY templates.template_id;
