-- JSON lines: one object per line. Unknown keys are kept in attributes.
-- Functions that copy a document recurse, so a document that is nested too deeply stays text.
WITH checked AS (
    SELECT
        *,
        strlen(line) <= 10000
        OR length(line) - length(translate(line, '[{', '')) <= 5000 AS shallow
    FROM raw_lines
),

documents AS (
    SELECT
        *,
        CASE
            WHEN shallow AND starts_with(ltrim(line, E' \t'), '{') AND json_valid(line) THEN line
        END AS document
    FROM checked
),

-- For each column the first of its keys that holds something, with its value. DuckDB 1.5.5 cannot
-- read the parts of an unnamed struct here, so they have names.
found AS (
    SELECT
        *,
        list_filter(
            list_zip(
                ['body', 'message', 'msg', 'log', 'text', 'MESSAGE'],
                json_extract_string(
                    document, ['body', 'message', 'msg', 'log', 'text', 'MESSAGE']
                )
            )::STRUCT(key VARCHAR, value VARCHAR)[],
            lambda pair: pair.value IS NOT NULL
        )[1] AS message,
        list_filter(
            list_zip(
                ['ts', 'time', 'timestamp', '@timestamp', '__REALTIME_TIMESTAMP'],
                json_extract_string(
                    document, ['ts', 'time', 'timestamp', '@timestamp', '__REALTIME_TIMESTAMP']
                )
            )::STRUCT(key VARCHAR, value VARCHAR)[],
            lambda pair: pair.value IS NOT NULL
        )[1] AS moment,
        ingest_first_of(
            document, ['level', 'severity', 'lvl', 'severity_text', 'log.level']
        ) AS severity,
        ingest_first_of(
            document,
            ['service', 'service_name', 'service.name', 'logger', 'component', 'SYSLOG_IDENTIFIER']
        ) AS service,
        ingest_first_of(
            document, ['host', 'hostname', 'host.name', 'host_name', '_HOSTNAME']
        ) AS host,
        json_extract_string(
            document, ['trace_id', 'span_id', 'label', 'severity_number']
        ) AS single
    FROM documents
),

timed AS (
    SELECT
        *,
        coalesce(message.key, '') AS body_key,
        coalesce(ingest_epoch_timestamp(moment.value), ingest_iso_timestamp(moment.value)) AS instant,
        CASE
            WHEN try_cast(single[4] AS UTINYINT) BETWEEN 1 AND 24
                THEN try_cast(single[4] AS UTINYINT)
        END AS number
    FROM found
),

-- A merge with NULL removes a key; the body's key replaces those that do not occur.
rests AS (
    SELECT
        *,
        json_merge_patch(
            document,
            json_object(
                body_key, NULL,
                coalesce(if(instant IS NULL, NULL, moment.key), body_key), NULL,
                coalesce(severity.key, body_key), NULL,
                coalesce(service.key, body_key), NULL,
                coalesce(host.key, body_key), NULL,
                if(single[1] IS NULL, body_key, 'trace_id'), NULL,
                if(single[2] IS NULL, body_key, 'span_id'), NULL,
                if(single[3] IS NULL, body_key, 'label'), NULL,
                if(number IS NULL, body_key, 'severity_number'), NULL
            )
        ) AS rest
    FROM timed
)

SELECT
    line_number,
    byte_offset,
    fault,
    instant AS timestamp,
    severity.value AS severity_text,
    number AS severity_number,
    service.value AS service_name,
    host.value AS host_name,
    coalesce(message.value, line) AS body,
    single[1] AS trace_id,
    single[2] AS span_id,
    CASE WHEN message IS NOT NULL AND CAST(rest AS VARCHAR) != '{}' THEN rest END AS attributes,
    single[3] AS label,
    CASE
        WHEN NOT shallow THEN 'expected: a JSON object with at most 5000 brackets'
        WHEN document IS NULL THEN 'expected: a JSON object'
        WHEN message IS NULL
            THEN 'expected: a key body, message, msg, log, text or MESSAGE'
        WHEN moment IS NOT NULL AND instant IS NULL
            THEN 'expected: ISO 8601 or an epoch number in ' || moment.key
    END AS parse_error
FROM rests
