-- The lines of incoming as rows of fame.logs.
SELECT
    $next_log_id - 1 + places.ordinal AS log_id,
    incoming.timestamp,
    incoming.observed_timestamp,
    incoming.severity_text,
    incoming.severity_number,
    incoming.service_name,
    incoming.host_name,
    incoming.body,
    places.event_id,
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
INNER JOIN incoming_places AS places ON incoming.place = places.place
