SELECT
    templates.template_id,
    templates.template,
    templates.status,
    nullif(templates.service_name, '') AS service_name,
    templates.events,
    templates.lines,
    coalesce(sum(event_labels.normal_labels), 0)::BIGINT AS normal_labels,
    coalesce(sum(event_labels.anomalous_labels), 0)::BIGINT AS anomalous_labels,
    list(events.example ORDER BY events.first_log_id)[1:3] AS examples
FROM fame.templates AS templates
LEFT JOIN fame.events AS events ON templates.template_id = events.template_id
LEFT JOIN fame.event_labels AS event_labels ON events.event_id = event_labels.event_id
GROUP BY ALL
ORDER BY templates.template_id;
