-- Access logs of web servers, common and combined, with or without the virtual host:
-- [host:port] client identity user [dd/Mon/yyyy:hh:mm:ss zone] "request" status bytes ...
-- The message is the text after the time. A status of 5xx counts as an error, 4xx as a warning.
WITH fields AS (
    SELECT
        *,
        regexp_extract(
            line,
            '^(?:(\S+) )?(\S+) (\S+) (\S+) \[(\d{2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{4})\] (".*)$',
            ['site', 'client', 'identity', 'user', 'day', 'month', 'year', 'clock', 'zone', 'rest']
        ) AS field
    FROM raw_lines
),

timed AS (
    SELECT
        *,
        ingest_dated(field.year, ingest_month_number(field.month), field.day, field.clock)
        - to_minutes(ingest_zone_minutes(field.zone)) AS moment,
        regexp_extract(field.rest, '^"(?:[^"\\]|\\.)*" ([1-5])\d{2}(?: |$)', 1) AS status_class
    FROM fields
)

SELECT
    line_number,
    byte_offset,
    fault,
    moment AS timestamp,
    NULL::VARCHAR AS severity_text,
    if(
        moment IS NULL,
        NULL,
        ingest_severity_number(
            CASE status_class WHEN '5' THEN 'error' WHEN '4' THEN 'warn' ELSE 'info' END
        )
    ) AS severity_number,
    if(moment IS NULL, NULL, nullif(field.site, '')) AS service_name,
    NULL::VARCHAR AS host_name,
    if(moment IS NULL, line, field.rest) AS body,
    if(
        moment IS NULL,
        NULL,
        ingest_attributes(
            json_object(
                'client', field.client,
                'identity', nullif(field.identity, '-'),
                'user', nullif(field.user, '-')
            )
        )
    ) AS attributes,
    if(
        moment IS NULL,
        'expected: client identity user [dd/Mon/yyyy:hh:mm:ss zone] "request" status bytes',
        NULL
    ) AS parse_error
FROM timed
