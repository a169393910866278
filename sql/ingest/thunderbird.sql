-- Thunderbird (and Spirit, Liberty) in the form of loghub:
-- label epoch date node month day hh:mm:ss location component[pid]: content
-- The written time is local and has no year, so the epoch is used as the timestamp.
WITH headed AS (
    SELECT
        *,
        regexp_extract(
            line, '^(\S+ \d+ \S+ \S+ [A-Z][a-z]{2} {1,2}\d{1,2} \d{2}:\d{2}:\d{2} \S+)(?: |$)', 1
        ) AS header
    FROM raw_lines
),

fields AS (
    SELECT
        *,
        if(header = '', NULL, string_split(header, ' ')) AS field,
        if(header = '', line, substr(line, length(header) + 2)) AS message
    FROM headed
),

programs AS (
    SELECT
        *,
        if(field IS NULL, NULL, ingest_program(message)) AS program
    FROM fields
)

SELECT
    line_number,
    byte_offset,
    fault,
    ingest_epoch_timestamp(field[2]) AS timestamp,
    NULL::VARCHAR AS severity_text,
    NULL::UTINYINT AS severity_number,
    ingest_program_name(program) AS service_name,
    field[4] AS host_name,
    ingest_after_program(message, program) AS body,
    if(
        field IS NULL,
        NULL,
        json_merge_patch(
            json_object('location', field[-1]),
            json_object('pid', ingest_program_pid(program))
        )
    ) AS attributes,
    field[1] AS label,
    if(
        field IS NULL,
        'expected: label epoch date node month day hh:mm:ss location component[pid]: content',
        NULL
    ) AS parse_error
FROM programs
