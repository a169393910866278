-- What goes into partition files: the columns of fame.logs, and the day that names the folder.
CREATE OR REPLACE TEMP TABLE partition_lines AS
SELECT
    $next_log_id - 1 + row_number() OVER (ORDER BY incoming.line_number) AS log_id,
    incoming.timestamp,
    incoming.observed_timestamp,
    incoming.severity_text,
    NULL::UTINYINT AS severity_number,
    incoming.service_name,
    incoming.host_name,
    incoming.body,
    events.event_id,
    incoming.trace_id,
    incoming.span_id,
    NULL::JSON AS resource_attributes,
    incoming.attributes,
    incoming.source_path,
    incoming.line_number,
    0::BIGINT AS byte_offset,
    1::INTEGER AS line_count,
    0::INTEGER AS ingest_id,
    'parquet' AS parser,
    incoming.parse_error,
    incoming.label,
    coalesce(incoming.timestamp, incoming.observed_timestamp)::DATE AS day
FROM incoming
LEFT JOIN incoming_bodies AS bodies ON incoming.body = bodies.body
LEFT JOIN fame.events AS events ON bodies.event_hash = events.event_hash;
