-- Access logs of web servers, common and combined, with or without the virtual host:
-- [host:port] client identity user [dd/Mon/yyyy:hh:mm:ss zone] "request" status bytes ...
-- The message is the text after the time. A status of 5xx counts as an error, 4xx as a warning.
-- An expression with groups takes five times as long as the same without. So fields are cut at
-- blanks, and it reads only the lines in which blanks do not say where the fields are.
WITH headed AS (
    SELECT
        *,
        regexp_matches(
            line,
            '^(?:\S+ )?\S+ \S+ \S+ \[\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4}\] "'
        ) AS is_access,
        strpos(line, '] "') AS head_end
    FROM raw_lines
),

cut AS (
    SELECT
        *,
        CASE WHEN is_access THEN string_split(left(line, head_end - 1), ' ') END AS part
    FROM headed
),

fields AS (
    SELECT
        * EXCLUDE (part),
        CASE
            WHEN len(part) IN (5, 6) THEN struct_pack(
                site := if(len(part) = 6, part[1], ''),
                client := part[-5],
                identity := part[-4],
                account := part[-3],
                written := substr(part[-2], 2),
                zone := part[-1],
                rest := substr(line, head_end + 2)
            )
            WHEN is_access THEN regexp_extract(
                line,
                '^(?:(\S+) )?(\S+) (\S+) (\S+) \[(\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2}) ([+-]\d{4})\] (".*)$',
                ['site', 'client', 'identity', 'account', 'written', 'zone', 'rest']
            )
        END AS field
    FROM cut
),

timed AS (
    SELECT
        *,
        coalesce(
            try_strptime(field.written, '%d/%b/%Y:%H:%M:%S'),
            ingest_dated(
                field.written[8:11],
                ingest_month_number(field.written[4:6]),
                field.written[:2],
                field.written[13:]
            )
        ) - to_minutes(ingest_zone_minutes(field.zone)) AS moment,
        -- The request ends at the next quote that has no backslash before it.
        CASE
            WHEN regexp_matches(field.rest, '^"[^"\\]*" [1-5]\d{2}(?: |$)')
                THEN split_part(field.rest, '"', 3)[2]
            WHEN contains(field.rest, '\')
                THEN regexp_extract(field.rest, '^"(?:[^"\\]|\\.)*" ([1-5])\d{2}(?: |$)', 1)
            WHEN regexp_matches(field.rest, '^" [1-5]\d{2}(?: |$)')
                AND NOT contains(substr(field.rest, 2), '"')
                THEN field.rest[3]
        END AS status_class
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
    CASE
        WHEN moment IS NULL THEN NULL
        WHEN field.identity = '-' AND field.account = '-' THEN json_object('client', field.client)
        ELSE ingest_attributes(
            json_object(
                'client', field.client,
                'identity', nullif(field.identity, '-'),
                'user', nullif(field.account, '-')
            )
        )
    END AS attributes,
    if(
        moment IS NULL,
        'expected: client identity user [dd/Mon/yyyy:hh:mm:ss zone] "request" status bytes',
        NULL
    ) AS parse_error
FROM timed
