-- Blue Gene/L in the form of loghub:
-- label epoch date node datetime node type component level content
WITH headed AS (
    SELECT
        *,
        regexp_extract(line, '^(\S+ \d+ \S+ \S+ \S+ \S+ \S+ \S+ \S+)(?: |$)', 1) AS header
    FROM raw_lines
),

fields AS (
    SELECT
        *,
        if(header = '', NULL, string_split(header, ' ')) AS field
    FROM headed
)

SELECT
    line_number,
    byte_offset,
    fault,
    -- The epoch is in UTC. The written time is local, with daylight saving time, so only its
    -- microseconds are used.
    coalesce(
        ingest_epoch_timestamp(field[2])
        + to_microseconds(
            coalesce(try_cast(regexp_extract(field[5], '[.](\d{6})$', 1) AS BIGINT), 0)
        ),
        try_strptime(field[5], '%Y-%m-%d-%H.%M.%S.%f')
    ) AS timestamp,
    field[9] AS severity_text,
    NULL::UTINYINT AS severity_number,
    field[8] AS service_name,
    field[4] AS host_name,
    if(field IS NULL, line, substr(line, length(header) + 2)) AS body,
    if(field IS NULL, NULL, json_object('type', field[7])) AS attributes,
    field[1] AS label,
    if(
        field IS NULL,
        'expected: label epoch date node datetime node type component level content',
        NULL
    ) AS parse_error
FROM fields
