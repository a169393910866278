-- Lines with their verdicts and where they were read.
SELECT
    logs.log_id,
    logs.timestamp,
    logs.observed_timestamp,
    logs.severity_text,
    logs.severity_number,
    logs.service_name,
    logs.host_name,
    logs.body,
    logs.trace_id,
    logs.span_id,
    logs.resource_attributes::VARCHAR AS resource_attributes,
    logs.attributes::VARCHAR AS attributes,
    logs.source_path,
    logs.line_number,
    logs.byte_offset,
    logs.line_count,
    logs.parse_error,
    logs.score,
    logs.is_anomaly,
    logs.domain,
    logs.novelty,
    logs.known_template,
    logs.answer,
    logs.model_version,
    coalesce(events.template_id, fame.provisional_id(events.canonical)) AS template_id,
    coalesce(templates.template, fame.provisional_template(events.canonical)) AS template
FROM $relation AS logs
LEFT JOIN fame.events AS events ON logs.event_id = events.event_id
LEFT JOIN fame.templates AS templates ON events.template_id = templates.template_id
WHERE ($since::TIMESTAMP IS NULL OR coalesce(logs.timestamp, logs.observed_timestamp) >= $since::TIMESTAMP)
    AND ($until::TIMESTAMP IS NULL OR coalesce(logs.timestamp, logs.observed_timestamp) < $until::TIMESTAMP)
ORDER BY logs.log_id;
