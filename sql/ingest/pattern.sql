-- A format of one regular expression; its groups are columns and attributes.
WITH matched AS (
    SELECT
        *,
        regexp_matches(line, $pattern) AS is_header,
        regexp_extract(line, $pattern, $groups) AS field
    FROM raw_lines
),

timed AS (SELECT *, if(is_header, $time, NULL) AS moment FROM matched)

SELECT
    line_number,
    byte_offset,
    fault,
    moment AS timestamp,
    if(is_header, $severity_text, NULL) AS severity_text,
    if(is_header, $severity_number, NULL)::UTINYINT AS severity_number,
    if(is_header, $service_name, NULL) AS service_name,
    if(is_header, $host_name, NULL) AS host_name,
    if(is_header, $body, line) AS body,
    if(is_header, $trace_id, NULL) AS trace_id,
    if(is_header, $span_id, NULL) AS span_id,
    if(is_header, ingest_attributes(json_object($attributes)), NULL) AS attributes,
    if(is_header, $label, NULL) AS label,
    CASE
        WHEN NOT is_header THEN $expected
        WHEN $time_text <> '' AND moment IS NULL THEN 'expected: a time, not ' || $time_text
    END AS parse_error
FROM timed
