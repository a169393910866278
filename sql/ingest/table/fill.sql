-- The rows of a table; columns that it does not have are NULL.
INSERT INTO incoming BY NAME
SELECT
    $timestamp AS timestamp,
    coalesce($observed, $$observed_timestamp::TIMESTAMP) AS observed_timestamp,
    $severity_text AS severity_text,
    coalesce($severity_number, ingest_severity_number($severity_text)) AS severity_number,
    coalesce($service_name, $$service::VARCHAR) AS service_name,
    coalesce($host_name, $$host::VARCHAR) AS host_name,
    $body AS body,
    $trace_id AS trace_id,
    $span_id AS span_id,
    $resource_attributes AS resource_attributes,
    $attributes AS attributes,
    $$source_path AS source_path,
    row_number() OVER () AS line_number,
    line_number AS byte_offset,
    1 AS line_count,
    $$ingest_id AS ingest_id,
    $$parser AS parser,
    CASE WHEN $lost THEN 'expected: a time in ' || $time_name END AS parse_error,
    line_number AS place
FROM ($rows) AS rows_of_table
WHERE $newer;
