-- What a row is recognised by. Earlier versions read other levels from the same words, a time of 0 as
-- one of 1970, and an empty level as one.
hash((
    nullif(timestamp, TIMESTAMP '1970-01-01'),
    nullif(severity_text, ''),
    service_name,
    host_name,
    trace_id,
    span_id,
    resource_attributes::VARCHAR,
    attributes::VARCHAR
))
