-- The columns of fame.logs without log_id and event_id, and the order of the lines.
CREATE OR REPLACE TEMP TABLE incoming (
    timestamp TIMESTAMP,
    observed_timestamp TIMESTAMP,
    severity_text VARCHAR,
    severity_number UTINYINT,
    service_name VARCHAR,
    host_name VARCHAR,
    body VARCHAR,
    trace_id VARCHAR,
    span_id VARCHAR,
    resource_attributes JSON,
    attributes JSON,
    source_path VARCHAR,
    line_number BIGINT,
    byte_offset BIGINT,
    line_count INTEGER,
    ingest_id BIGINT,
    parser VARCHAR,
    parse_error VARCHAR,
    label VARCHAR,
    place BIGINT  -- the order of the lines of several sources
);
