-- The lines of incoming as rows of fame.logs.
SELECT
    $next_log_id - 1 + row_number() OVER (ORDER BY incoming.line_number) AS log_id,
    incoming.timestamp,
    incoming.observed_timestamp,
    incoming.severity_text,
    incoming.severity_number,
    incoming.service_name,
    incoming.host_name,
    incoming.body,
    events.event_id,
    incoming.trace_id,
    incoming.span_id,
    incoming.resource_attributes,
    incoming.attributes,
    incoming.source_path,
    incoming.line_number,
    incoming.byte_offset,
    incoming.line_count,
    incoming.ingest_id,
    incoming.parser,
    incoming.parse_error,
    incoming.label
FROM incoming
LEFT JOIN incoming_bodies AS bodies ON incoming.body = bodies.body
LEFT JOIN fame.events AS events ON bodies.event_hash = events.event_hash
