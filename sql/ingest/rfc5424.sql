-- Syslog of RFC 5424: <priority>1 time host program pid message-id [structured data] message
WITH fields AS (
    SELECT
        *,
        regexp_extract(
            line,
            '^<(\d{1,3})>\d{1,2} (\S+) (\S+) (\S+) (\S+) (\S+) (-|(?:\[(?:[^"\]]|"(?:[^"\\]|\\.)*")*\])+)(?: |$)',
            ['priority', 'moment', 'host', 'program', 'pid', 'kind', 'data']
        ) AS field,
        regexp_extract(
            line,
            '^<\d{1,3}>\d{1,2} (?:\S+ ){5}(?:-|(?:\[(?:[^"\]]|"(?:[^"\\]|\\.)*")*\])+)(?: |$)'
        ) AS header
    FROM raw_lines
),

timed AS (SELECT *, ingest_iso_timestamp(field.moment) AS moment FROM fields)

SELECT
    line_number,
    byte_offset,
    fault,
    moment AS timestamp,
    ingest_priority_level(field.priority) AS severity_text,
    NULL::UTINYINT AS severity_number,
    nullif(nullif(field.program, ''), '-') AS service_name,
    nullif(nullif(field.host, ''), '-') AS host_name,
    -- rsyslog puts one more blank before the text of a message that came to it with a tag.
    regexp_replace(ltrim(substr(line, length(header) + 1), chr(65279)), '^ (\S)', '\1') AS body,
    -- As OpenTelemetry writes them into structured data.
    CASE
        WHEN contains(field.data, 'trace_id="')
            THEN nullif(lower(regexp_extract(field.data, ' trace_id="([0-9a-fA-F]{32})"', 1)), '')
    END AS trace_id,
    CASE
        WHEN contains(field.data, 'span_id="')
            THEN nullif(lower(regexp_extract(field.data, ' span_id="([0-9a-fA-F]{16})"', 1)), '')
    END AS span_id,
    if(
        header = '',
        NULL,
        ingest_attributes(
            json_object(
                'facility', try_cast(field.priority AS INTEGER) // 8,
                'pid', nullif(field.pid, '-'),
                'message_id', nullif(field.kind, '-'),
                'structured_data', nullif(field.data, '-')
            )
        )
    ) AS attributes,
    CASE
        WHEN header = ''
            THEN 'expected: <priority>1 moment host program pid message-id [data] message'
        WHEN moment IS NULL AND field.moment <> '-' THEN 'expected: ISO 8601 as the moment'
    END AS parse_error
FROM timed
