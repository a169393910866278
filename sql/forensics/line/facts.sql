-- A line with its verdict and where it was read.
SELECT
    logs.log_id,
    logs.timestamp,
    logs.observed_timestamp,
    logs.service_name,
    logs.host_name,
    logs.severity_text,
    logs.trace_id,
    logs.span_id,
    logs.body,
    logs.attributes,
    logs.source_path,
    logs.line_number,
    logs.byte_offset,
    logs.parse_error,
    logs.event_id,
    logs.score,
    logs.is_anomaly,
    logs.domain,
    logs.novelty,
    logs.known_template,
    logs.answer,
    logs.model_version,
    events.canonical,
    coalesce(events.template_id, fame.provisional_id(events.canonical)) AS template_id,
    coalesce(templates.template, fame.provisional_template(events.canonical)) AS template
FROM fame.all_scored_logs AS logs
LEFT JOIN fame.events AS events ON logs.event_id = events.event_id
LEFT JOIN fame.templates AS templates ON events.template_id = templates.template_id
WHERE logs.log_id = $log_id;
