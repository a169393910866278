-- Plain text: a leading ISO-8601-like timestamp and a level word after it are taken off.
WITH dated AS (
    SELECT
        *,
        regexp_extract(
            line,
            '^\[?\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:\s?(?:Z|UTC|GMT|[+-](?:0\d|1[0-4]):?(?:00|15|30|45))\b|[+-](?:0\d|1[0-4])\b)?\]?'
        ) AS head
    FROM raw_lines
),

timed AS (
    SELECT
        *,
        if(head = '', NULL, ingest_iso_timestamp(trim(head, '[]'))) AS moment
    FROM dated
),

rests AS (
    SELECT
        *,
        if(moment IS NULL, line, line[length(head) + 1:]) AS rest
    FROM timed
),

-- A level in small letters may be the first word of a sentence: it must stand apart.
levels AS (
    SELECT
        *,
        if(
            moment IS NULL,
            '',
            regexp_extract(
                rest,
                '^[\s\-|,:]*(?:\[\s*(?i:trace|debug|verbose|finest|finer|fine|information|info|notice|warning|warn|error|err|severe|fatal|critical|crit|alert|emergency|emerg|panic)\s*\]|(?:TRACE|DEBUG|VERBOSE|FINEST|FINER|FINE|INFORMATION|INFO|NOTICE|WARNING|WARN|ERROR|ERR|SEVERE|FATAL|CRITICAL|CRIT|ALERT|EMERGENCY|EMERG|PANIC)(?:\s|:|\||,|$)|(?i:trace|debug|verbose|finest|finer|fine|information|info|notice|warning|warn|error|err|severe|fatal|critical|crit|alert|emergency|emerg|panic)(?:\s*[:|\t,]|\s{2,}|$))'
            )
        ) AS level
    FROM rests
)

SELECT
    line_number,
    byte_offset,
    fault,
    moment AS timestamp,
    nullif(regexp_extract(level, '[A-Za-z]+'), '') AS severity_text,
    NULL::UTINYINT AS severity_number,
    if(
        moment IS NULL,
        line,
        regexp_replace(rest[length(level) + 1:], '^\s*(?:[-|,:]\s+)?', '')
    ) AS body,
    NULL::VARCHAR AS parse_error
FROM levels
