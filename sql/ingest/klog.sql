-- klog and glog: Lmmdd hh:mm:ss.uuuuuu thread file:line] message, with L one of I, W, E, F. Newer
-- versions write the year before the month.
WITH fields AS (
    SELECT
        *,
        regexp_extract(
            line,
            '^([IWEF])(\d{4})?(\d{2})(\d{2}) (\d{2}:\d{2}:\d{2}\.\d{1,6}) +(\d+) (\S+:\d+)\](?: |$)',
            ['level', 'year', 'month', 'day', 'clock', 'thread', 'place']
        ) AS field,
        regexp_extract(line, '^[IWEF]\d+ \S+ +\d+ \S+:\d+\](?: |$)') AS header
    FROM raw_lines
),

timed AS (
    SELECT
        *,
        if(
            field.year = '',
            ingest_yearless(try_cast(field.month AS INTEGER), field.day, field.clock),
            ingest_local(
                ingest_dated(field.year, try_cast(field.month AS INTEGER), field.day, field.clock)
            )
        ) AS moment
    FROM fields
)

SELECT
    line_number,
    byte_offset,
    fault,
    moment AS timestamp,
    if(
        moment IS NULL,
        NULL,
        CASE field.level
            WHEN 'I' THEN 'INFO' WHEN 'W' THEN 'WARNING' WHEN 'E' THEN 'ERROR' WHEN 'F' THEN 'FATAL'
        END
    ) AS severity_text,
    NULL::UTINYINT AS severity_number,
    NULL::VARCHAR AS service_name,
    NULL::VARCHAR AS host_name,
    if(moment IS NULL, line, substr(line, length(header) + 1)) AS body,
    if(
        moment IS NULL,
        NULL,
        ingest_attributes(json_object('thread', field.thread, 'place', field.place))
    ) AS attributes,
    if(moment IS NULL, 'expected: Lmmdd hh:mm:ss.uuuuuu thread file:line] message', NULL)
        AS parse_error
FROM timed
