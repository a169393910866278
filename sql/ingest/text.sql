-- Plain text: a leading timestamp and a level after it are removed. Timestamps are in ISO 8601 or
-- like 'Sun Dec 04 04:47:44 2005', '04/Dec/2005:04:47:44 +0100' (also with spaces or hyphens), or
-- '05/12/04 04:47:44' (year, month, day) before a level. The level words come from the list of
-- severities.
WITH dated AS (
    SELECT
        *,
        regexp_extract(
            line,
            '^\[?\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:\s?(?:Z|UTC|GMT|[+-](?:0\d|1[0-4]):?(?:00|15|30|45))\b|[+-](?:0\d|1[0-4])\b)?\]?'
        ) AS iso
    FROM raw_lines
),

named AS (
    SELECT
        *,
        if(
            iso = '',
            regexp_extract(
                line,
                '^\[?(?:[A-Z][a-z]{2},? )?(?:[A-Z][a-z]{2} {1,2}\d{1,2} \d{2}:\d{2}:\d{2}(?:\.\d{1,9})? \d{4}\b|\d{1,2}[-/ ][A-Z][a-z]{2}[-/ ]\d{4}[: ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|GMT|[+-](?:0\d|1[0-4]):?(?:00|15|30|45))\b)?)\]?'
            ),
            ''
        ) AS name,
        if(
            iso = '',
            regexp_extract(
                line,
                '^(\d{2}/\d{2}/\d{2} \d{2}:\d{2}:\d{2}) (?:$severities) ',
                1
            ),
            ''
        ) AS short
    FROM dated
),

parts AS (
    SELECT
        *,
        iso || name || short AS head,
        regexp_extract(name, '[-/ ]?(\d{1,2})[-/ ](?:[A-Z]|\d{2}:)', 1) AS day,
        regexp_extract(name, '([A-Z][a-z]{2})[-/ ]{1,2}\d', 1) AS month,
        regexp_extract(name, '[-/ ](\d{4})\b', 1) AS year,
        regexp_extract(name, '[: ](\d{2}:\d{2}:\d{2}(?:[.,]\d{1,6})?)', 1) AS clock,
        regexp_extract(name, '[+-]\d{2}:?\d{2}\]?$') AS zone
    FROM named
),

timed AS (
    SELECT
        *,
        CASE
            WHEN iso <> '' THEN ingest_iso_timestamp(trim(iso, '[]'))
            WHEN short <> '' THEN ingest_iso_timestamp('20' || short)
            WHEN name <> ''
                THEN ingest_dated(year, ingest_month_number(month), day, clock)
                - to_minutes(ingest_zone_minutes(rtrim(zone, ']')))
        END AS moment
    FROM parts
),

rests AS (
    SELECT
        *,
        if(moment IS NULL, line, line[length(head) + 1:]) AS rest
    FROM timed
),

-- A level in lower case may be the first word of a sentence, so it must be delimited.
levels AS (
    SELECT
        *,
        if(
            moment IS NULL,
            '',
            regexp_extract(
                rest,
                '^[\s\-|,:]*(?:\[\s*(?:\w+:)?(?i:$small_levels)\s*\]|(?:$levels)(?:\s|:|\||,|$)|(?i:$small_levels)(?:\s*[:|\t,]|\s{2,}|$))'
            )
        ) AS level
    FROM rests
)

SELECT
    line_number,
    byte_offset,
    fault,
    moment AS timestamp,
    nullif(regexp_extract(level, '([A-Za-z]+)[^A-Za-z]*$', 1), '') AS severity_text,
    NULL::UTINYINT AS severity_number,
    if(
        moment IS NULL,
        line,
        regexp_replace(rest[length(level) + 1:], '^\s*(?:[-|,:]\s+)?', '')
    ) AS body,
    NULL::VARCHAR AS parse_error
FROM levels
